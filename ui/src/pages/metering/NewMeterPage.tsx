/** A new meter, with a preview that asks the real events the same question by the same route that everybody asks. */
import {
  ActionIcon,
  Autocomplete,
  Button,
  Group,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import { formatDecimal } from "@/format/numbers";
import { addDays, BROWSER_ZONE, daysOf, formatDay } from "@/format/times";
import { EventSelect } from "@/pages/explore/EventSelect";
import { useProperties, useValues } from "@/pages/explore/vocabulary";
import { SeriesChart } from "@/parts/charts/SeriesChart";
import { Figure } from "@/parts/Figure";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { tell, tellFailure } from "@/parts/tell";
import { useProject } from "@/state/session";
import { text, useUrlState } from "@/state/url";
import { metering } from "@/texts/metering";
import { instantOf, METERS, type MeterType, TYPES } from "./ask";

const { form: texts } = metering;
const fields = { event: text() } as const;

interface Condition {
  key: string;
  values: string[];
}

interface Draft {
  event: string;
  type: MeterType;
  field: string;
  multiplier: string;
  filters: Condition[];
}

const needsField = (type: MeterType) => type !== "COUNT";

export default function NewMeterPage() {
  const [{ event }, change] = useUrlState(fields);
  const [draft, setDraft] = useState<Omit<Draft, "event">>({ type: "COUNT", field: "", multiplier: "1", filters: [] });
  const set = (given: Partial<Omit<Draft, "event">>) => setDraft((before) => ({ ...before, ...given }));
  const properties = useProperties(event).data?.properties ?? [];
  return (
    <Page title={texts.title} about={texts.about}>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Panel>
          <Stack gap="sm">
            <EventSelect
              label={texts.event}
              placeholder={texts.eventPlaceholder}
              value={event}
              onPick={(name) => change({ event: name }, { replace: true })}
            />
            <Group gap="sm" grow>
              <Select
                label={texts.type}
                data={TYPES.map((value) => ({ value, label: metering.meters.types[value] }))}
                value={draft.type}
                allowDeselect={false}
                onChange={(value) => set({ type: TYPES.find((one) => one === value) ?? "COUNT" })}
              />
              {needsField(draft.type) && (
                <Autocomplete
                  label={texts.field}
                  data={properties.map(({ name }) => name).filter(Boolean)}
                  value={draft.field}
                  onChange={(field) => set({ field })}
                  required
                />
              )}
              {draft.type === "SUM_WITH_MULTIPLIER" && (
                <TextInput
                  label={texts.multiplier}
                  inputMode="decimal"
                  value={draft.multiplier}
                  onChange={(input) => set({ multiplier: input.currentTarget.value })}
                />
              )}
            </Group>
            <Conditions
              event={event}
              properties={properties.map(({ name }) => name)}
              filters={draft.filters}
              onChange={(filters) => set({ filters })}
            />
            <Naming draft={{ event, ...draft }} />
          </Stack>
        </Panel>
        <Preview draft={{ event, ...draft }} />
      </SimpleGrid>
    </Page>
  );
}

interface ConditionsProps {
  event: string;
  properties: readonly string[];
  filters: readonly Condition[];
  onChange: (filters: Condition[]) => void;
}

function Conditions({ event, properties, filters, onChange }: ConditionsProps) {
  const put = (place: number, given: Partial<Condition>) =>
    onChange(filters.map((one, other) => (other === place ? { ...one, ...given } : one)));
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        {texts.filters}
      </Text>
      {filters.map((filter, place) => (
        <Group key={place} gap={6} align="flex-start" wrap="nowrap">
          <Autocomplete
            aria-label={texts.key(place + 1)}
            data={[...properties]}
            value={filter.key}
            onChange={(key) => put(place, { key })}
            style={{ flex: 1 }}
          />
          <Values
            event={event}
            filter={filter}
            label={texts.values(place + 1)}
            onChange={(values) => put(place, { values })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={texts.removeFilter(place + 1)}
            onClick={() => onChange(filters.filter((_, other) => other !== place))}
          >
            <IconX size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Button
        variant="default"
        size="xs"
        w="fit-content"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => onChange([...filters, { key: "", values: [] }])}
      >
        {texts.addFilter}
      </Button>
    </Stack>
  );
}

function Values({
  event,
  filter,
  label,
  onChange,
}: {
  event: string;
  filter: Condition;
  label: string;
  onChange: (values: string[]) => void;
}) {
  const known = useValues(event, filter.key, "").data?.values.map(({ value }) => value) ?? [];
  return (
    <TagsInput
      aria-label={label}
      data={[...new Set(known)].filter(Boolean)}
      value={filter.values}
      onChange={onChange}
      style={{ flex: 2 }}
    />
  );
}

/** Its names, and the button that makes it. */
function Naming({ draft }: { draft: Draft }) {
  const [, go] = useLocation();
  const [name, setName] = useState("");
  const [asFeature, setAsFeature] = useState(true);
  const [key, setKey] = useState<string | null>(null);
  const [unit, setUnit] = useState("");
  const [reset, setReset] = useState<"BILLING_PERIOD" | "NEVER">("BILLING_PERIOD");
  const [busy, setBusy] = useState(false);
  const lookupKey =
    key ??
    name
      .trim()
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_");
  const complete = name.trim() !== "" && draft.event !== "" && (!needsField(draft.type) || draft.field !== "");
  const make = async () => {
    setBusy(true);
    try {
      const meter = {
        name: name.trim(),
        event_name: draft.event,
        aggregation: aggregationOf(draft),
        filters: wholeFilters(draft),
        reset_usage: reset,
      };
      const id = asFeature
        ? (
            await ask(
              api.POST("/flexprice/v1/features", {
                body: {
                  name: name.trim(),
                  type: "metered",
                  lookup_key: lookupKey,
                  unit_singular: unit,
                  unit_plural: unit && `${unit}s`,
                  meter,
                },
              }),
            )
          ).meter_id
        : (await ask(api.POST("/flexprice/v1/meters", { body: meter }))).id;
      await queryClient.invalidateQueries({ queryKey: [METERS] });
      tell(texts.made);
      go(`/meters/${id}`);
    } catch (failure) {
      tellFailure(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label={texts.name}
          required
          value={name}
          maxLength={255}
          onChange={(input) => setName(input.currentTarget.value)}
        />
        <Select
          label={texts.reset}
          data={(["BILLING_PERIOD", "NEVER"] as const).map((value) => ({ value, label: texts.resets[value] }))}
          value={reset}
          allowDeselect={false}
          onChange={(value) => setReset(value === "NEVER" ? "NEVER" : "BILLING_PERIOD")}
        />
        <Switch
          label={texts.asFeature}
          description={texts.asFeatureHint}
          checked={asFeature}
          onChange={(input) => setAsFeature(input.currentTarget.checked)}
        />
        {asFeature && (
          <Group gap="sm" grow>
            <TextInput
              label={texts.lookupKey}
              value={lookupKey}
              onChange={(input) => setKey(input.currentTarget.value)}
            />
            <TextInput label={texts.unit} value={unit} onChange={(input) => setUnit(input.currentTarget.value)} />
          </Group>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={busy} disabled={!complete}>
            {texts.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function aggregationOf({ type, field, multiplier }: Draft) {
  return {
    type,
    ...(needsField(type) ? { field } : {}),
    ...(type === "SUM_WITH_MULTIPLIER" ? { multiplier: multiplier || "1" } : {}),
  };
}

const wholeFilters = ({ filters }: Draft) => filters.filter(({ key, values }) => key !== "" && values.length > 0);

function Preview({ draft }: { draft: Draft }) {
  const project = useProject();
  const [settled] = useDebouncedValue(draft, 300);
  const days = daysOf("30d", BROWSER_ZONE);
  const lacking =
    settled.event === ""
      ? texts.previewNothing
      : needsField(settled.type) && settled.field === ""
        ? texts.previewField
        : null;
  const question = {
    event_name: settled.event,
    aggregation_type: settled.type,
    ...(needsField(settled.type) ? { property_name: settled.field } : {}),
    ...(settled.type === "SUM_WITH_MULTIPLIER" ? { multiplier: settled.multiplier || "1" } : {}),
    filters: Object.fromEntries(wholeFilters(settled).map(({ key, values }) => [key, values])),
    start_time: instantOf(days.from, BROWSER_ZONE),
    end_time: instantOf(addDays(days.to, 1), BROWSER_ZONE),
    timezone: BROWSER_ZONE,
  };
  const answer = useAsk(
    ["preview", project.id, question],
    async (signal) => {
      const [whole, daily] = await Promise.all([
        ask(api.POST("/flexprice/v1/events/usage", { body: question, signal })),
        ask(api.POST("/flexprice/v1/events/usage", { body: { ...question, window_size: "DAY" }, signal })),
      ]);
      return { total: whole.value, points: daily.results ?? [] };
    },
    { when: lacking === null },
  );
  return (
    <Panel title={texts.preview} about={texts.previewAbout}>
      {lacking ? (
        <Empty title={lacking} height={380} />
      ) : (
        <Answer of={answer} height={380}>
          {({ total, points }) => (
            <Stack gap="sm">
              <Figure label={texts.total} value={formatDecimal(String(total ?? 0))} />
              <SeriesChart
                title={texts.preview}
                labels={points.map(({ window_size }) => formatDay(window_size ?? "", BROWSER_ZONE))}
                series={[
                  { name: metering.meters.types[settled.type], values: points.map(({ value }) => Number(value)) },
                ]}
                kind="bar"
                unit={metering.meters.types[settled.type]}
                height={300}
              />
            </Stack>
          )}
        </Answer>
      )}
    </Panel>
  );
}
