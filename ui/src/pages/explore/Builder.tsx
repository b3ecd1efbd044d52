/** The controls of a question. */
import { Autocomplete, MultiSelect, SegmentedControl, Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { knownZones } from "@/format/times";
import type { SetValues } from "@/state/url";
import { explore } from "@/texts/explore";
import { EventSelect } from "./EventSelect";
import { Filters } from "./Filters";
import { COMPARES, INTERVALS, LIMITS, METRICS, MOST_GROUPS, type Question, VIEWS, zoneOf } from "./question";
import { useProperties } from "./vocabulary";

interface BuilderProps {
  question: Question;
  change: SetValues<Question>;
}

const named = <T extends string>(known: readonly T[], names: Record<T, string>) =>
  known.map((value) => ({ value, label: names[value] }));

/** Every change says its zone, so that the link means the same to whoever opens it. */
export function Builder({ question, change }: BuilderProps) {
  const zone = zoneOf(question);
  const set: BuilderProps["change"] = (given, how) => change({ zone, ...given }, how);
  const properties = useProperties(question.event).data?.properties ?? [];
  const numeric = properties.filter((one) => one.number_share > 0).map((one) => one.name);
  const others = properties.filter((one) => one.number_share === 0).map((one) => one.name);
  const groupable = [...new Set([...properties.map((one) => one.name), ...question.by])].filter((name) => name !== "");
  const measuresNumbers = question.metric !== "unique";
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm" verticalSpacing="sm">
        <EventSelect
          label={explore.event}
          placeholder={explore.eventPlaceholder}
          value={question.event}
          onPick={(event) => set({ event, property: "", by: [], filter: [] })}
        />
        <Select
          label={explore.metric}
          data={named(METRICS, explore.metrics)}
          value={question.metric}
          allowDeselect={false}
          onChange={(metric) => set({ metric: METRICS.find((one) => one === metric) ?? "count" })}
        />
        <Autocomplete
          key={`${question.event} ${question.property}`}
          label={explore.property}
          placeholder={question.metric === "count" ? explore.nothing : explore.propertyPlaceholder}
          disabled={question.metric === "count"}
          defaultValue={question.metric === "count" ? "" : question.property}
          data={
            measuresNumbers
              ? [
                  { group: explore.numeric, items: numeric },
                  { group: explore.others, items: others },
                ].filter((group) => group.items.length > 0)
              : [...numeric, ...others]
          }
          onOptionSubmit={(property) => set({ property })}
          onBlur={(event) => {
            const property = event.currentTarget.value;
            if (property !== question.property) set({ property });
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.currentTarget.blur();
          }}
        />
        <MultiSelect
          label={explore.groupBy}
          placeholder={question.by.length ? "" : explore.groupByPlaceholder}
          data={groupable}
          value={question.by}
          maxValues={MOST_GROUPS}
          searchable
          styles={question.by.length ? { inputField: { minWidth: 24 } } : {}}
          onChange={(by) => set({ by })}
        />
        <Select
          label={explore.interval}
          data={named(INTERVALS, explore.intervals)}
          value={question.interval}
          allowDeselect={false}
          onChange={(interval) => set({ interval: INTERVALS.find((one) => one === interval) ?? "auto" })}
        />
        <Select
          label={explore.compare}
          data={named(COMPARES, explore.compares)}
          value={question.compare}
          allowDeselect={false}
          onChange={(compare) => set({ compare: COMPARES.find((one) => one === compare) ?? "none" })}
        />
        <Select
          label={explore.zone}
          data={[...new Set([zone, ...knownZones()])]}
          value={zone}
          searchable
          allowDeselect={false}
          onChange={(chosen) => chosen && change({ zone: chosen })}
        />
        <Select
          label={explore.groups}
          data={[...LIMITS]}
          value={question.limit}
          disabled={question.by.length === 0}
          allowDeselect={false}
          onChange={(limit) => set({ limit: LIMITS.find((one) => one === limit) ?? "10" })}
        />
      </SimpleGrid>
      <Filters
        event={question.event}
        filters={question.filter}
        properties={properties.map((one) => one.name)}
        onChange={(filter) => set({ filter })}
      />
      <div>
        <Text size="sm" fw={500} mb={4} id="explore-view">
          {explore.view}
        </Text>
        <SegmentedControl
          aria-labelledby="explore-view"
          data={named(VIEWS, explore.views)}
          value={question.view}
          onChange={(view) => set({ view: VIEWS.find((one) => one === view) ?? "line" })}
          style={{ maxWidth: "100%", overflowX: "auto" }}
        />
      </div>
    </Stack>
  );
}
