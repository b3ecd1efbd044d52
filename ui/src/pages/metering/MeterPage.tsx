/** One meter: what it measured, for whom, and how it is defined. */
import { Alert, Button, Group, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useLocation, useParams } from "wouter";
import { api, ask, Refused } from "@/api/client";
import { queryClient } from "@/api/queries";
import { formatDecimal } from "@/format/numbers";
import { BROWSER_ZONE, formatDay, formatTime, lengthOf, PERIOD_OF } from "@/format/times";
import { AddToDashboard } from "@/pages/dashboards/AddToDashboard";
import { useProperties } from "@/pages/explore/vocabulary";
import { Confirm } from "@/parts/Confirm";
import { DataTable } from "@/parts/DataTable";
import { downloadCsv } from "@/parts/download";
import { Figure } from "@/parts/Figure";
import { FormModal } from "@/parts/FormModal";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { daysOfValues, RangePicker, rangeFields } from "@/parts/RangePicker";
import { Snippet } from "@/parts/Snippet";
import { Answer, Empty } from "@/parts/states";
import { tell } from "@/parts/tell";
import { useSend } from "@/parts/useSend";
import { NotFound } from "@/shell/NotFound";
import { useMay } from "@/state/session";
import { choice, text, useUrlState } from "@/state/url";
import { metering } from "@/texts/metering";
import { countsOf, METERS, type Meter, usageDays, useFeatures, useMeter, useUsage, WINDOWS, type Window } from "./ask";
import { type Condition, Conditions, wholeConditions } from "./Conditions";
import { CustomerSelect } from "./CustomerSelect";
import { UsageChart } from "./UsageChart";

const { meter: texts } = metering;
const fields = { ...rangeFields, window: choice(["auto", ...WINDOWS], "auto"), by: text(), customer: text() };

export default function MeterPage() {
  const { id = "" } = useParams<{ id: string }>();
  const asked = useMeter(id);
  if (asked.error instanceof Refused && asked.error.status === 404) return <NotFound home="/meters" />;
  return (
    <Answer of={asked} height={480}>
      {(meter) => <OneMeter meter={meter} key={meter.id} />}
    </Answer>
  );
}

function OneMeter({ meter }: { meter: Meter }) {
  const [view, change] = useUrlState(fields);
  const zone = BROWSER_ZONE;
  const days = daysOfValues(view, zone);
  const auto: Window = lengthOf(days) <= 2 ? "HOUR" : lengthOf(days) <= 92 ? "DAY" : "MONTH";
  const window = view.window === "auto" ? auto : view.window;
  const usage = useUsage({
    meter: meter.id,
    days,
    zone,
    window,
    customer: view.customer || undefined,
    groupBy: view.by || undefined,
  });
  const whole = useUsage({ meter: meter.id, days, zone, customer: view.customer || undefined });
  const feature = useFeatures().data?.items.find(({ meter_id }) => meter_id === meter.id);
  const properties = (useProperties(meter.event_name).data?.properties ?? []).map(({ name }) => name).filter(Boolean);
  const unit = feature?.unit_plural || countsOf(meter);
  return (
    <Page
      title={meter.name}
      about={texts.about(countsOf(meter), meter.event_name)}
      actions={
        <>
          <RangePicker values={view} zone={zone} onChange={change} />
          <AddToDashboard
            type="usage"
            title={meter.name}
            query={{
              meter_id: meter.id,
              timezone: zone,
              window_size: window,
              draw: "bar",
              ...(PERIOD_OF[view.range] ? { period: PERIOD_OF[view.range] } : usageDays(days, zone)),
              ...(view.customer ? { external_customer_id: view.customer } : {}),
              ...(view.by ? { group_by: [`properties.${view.by}`] } : {}),
            }}
          />
          {meter.status === "published" && <Archive meter={meter} />}
        </>
      }
    >
      <Stack gap="md">
        {meter.status === "archived" && (
          <Alert title={texts.archived} color="gray" variant="light">
            {texts.archivedHint}
          </Alert>
        )}
        <Panel>
          <Group gap="sm" align="flex-end">
            <CustomerSelect
              label={texts.customer}
              placeholder={texts.all}
              value={view.customer}
              onChange={(customer) => change({ customer })}
            />
            <Select
              label={texts.window}
              data={WINDOWS.map((value) => ({ value, label: texts.windows[value] }))}
              value={window}
              allowDeselect={false}
              onChange={(value) => change({ window: WINDOWS.find((one) => one === value) ?? "auto" })}
              w={130}
            />
            <Select
              label={texts.groupBy}
              placeholder={texts.nothing}
              data={properties}
              value={view.by || null}
              clearable
              clearButtonProps={{ "aria-label": `${texts.groupBy}: ${texts.nothing}` }}
              onChange={(by) => change({ by: by ?? "" })}
              w={180}
            />
          </Group>
        </Panel>
        <Panel
          title={texts.usage}
          actions={
            usage.data && (
              <Button
                size="xs"
                variant="default"
                onClick={() =>
                  downloadCsv(
                    meter.name,
                    [texts.date, ...(view.by ? [view.by] : []), texts.value],
                    (usage.data?.points ?? []).map((point) => [
                      point.timestamp,
                      ...(view.by
                        ? [
                            Object.values(point.group_by ?? {})
                              .map(String)
                              .join(" "),
                          ]
                        : []),
                      point.value,
                    ]),
                  )
                }
              >
                {texts.csv}
              </Button>
            )
          }
        >
          <Answer
            of={usage}
            height={360}
            isEmpty={({ event_count, points }) => event_count === 0 && points.every(({ value }) => Number(value) === 0)}
            empty={<Empty title={texts.noUsage} hint={texts.noUsageHint} height={360} />}
          >
            {(given) => (
              <Stack gap="sm">
                <Group gap="xl">
                  <Figure label={texts.total} value={whole.data ? formatDecimal(whole.data.total_value) : "…"} />
                  <Figure
                    label={texts.events}
                    value={whole.data ? formatDecimal(String(whole.data.event_count)) : "…"}
                  />
                </Group>
                <UsageChart title={meter.name} unit={unit} usage={given} window={window} zone={zone} />
              </Stack>
            )}
          </Answer>
        </Panel>
        {usage.data && usage.data.points.length > 0 && (
          <Panel title={texts.numbers} flush>
            <DataTable
              label={texts.numbers}
              rows={usage.data.points}
              rowKey={(point) => `${point.timestamp} ${JSON.stringify(point.group_by)}`}
              maxHeight={360}
              columns={[
                {
                  id: "date",
                  title: texts.date,
                  cell: ({ timestamp }) =>
                    window === "HOUR" ? formatTime(timestamp, zone) : formatDay(timestamp, zone),
                  by: ({ timestamp }) => timestamp,
                },
                ...(view.by
                  ? [
                      {
                        id: "group",
                        title: view.by,
                        cell: (point: (typeof usage.data.points)[number]) =>
                          Object.values(point.group_by ?? {})
                            .map(String)
                            .join(" · "),
                      },
                    ]
                  : []),
                {
                  id: "value",
                  title: texts.value,
                  number: true,
                  cell: ({ value }) => formatDecimal(value),
                  by: ({ value }) => Number(value),
                },
                {
                  id: "events",
                  title: texts.events,
                  number: true,
                  cell: ({ event_count }) => formatDecimal(String(event_count)),
                  by: ({ event_count }) => event_count,
                },
              ]}
            />
          </Panel>
        )}
        <Panel title={texts.definition} actions={meter.status === "published" && <AddConditions meter={meter} />}>
          <Stack gap="xs">
            <Text size="sm" className="soft">
              {texts.addFilterHint}
            </Text>
            <Snippet
              label={texts.definition}
              code={JSON.stringify(
                {
                  event_name: meter.event_name,
                  aggregation: meter.aggregation,
                  filters: meter.filters,
                  reset_usage: meter.reset_usage,
                },
                null,
                2,
              )}
            />
          </Stack>
        </Panel>
      </Stack>
    </Page>
  );
}

/** More conditions for a meter that exists: its filters only ever grow. */
function AddConditions({ meter }: { meter: Meter }) {
  const [conditions, setConditions] = useState<Condition[] | null>(null);
  const may = useMay("member");
  const close = () => setConditions(null);
  const { busy, failure, submit } = useSend(async (filters: Condition[]) => {
    await ask(api.PUT("/flexprice/v1/meters/{id}", { params: { path: { id: meter.id } }, body: { filters } }));
    await Promise.all(["usage", METERS].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
    tell(texts.filtersAdded);
    close();
  });
  if (!may) return null;
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setConditions([{ key: "", values: [] }])}>
        {texts.addFilter}
      </Button>
      <FormModal
        opened={conditions !== null}
        onClose={close}
        title={texts.addFilter}
        action={texts.addFilter}
        busy={busy}
        failure={failure}
        onSubmit={(event) => {
          event?.preventDefault();
          void submit(wholeConditions(conditions ?? []));
        }}
      >
        <Text size="sm" className="soft">
          {texts.addFilterHint}
        </Text>
        <Conditions event={meter.event_name} conditions={conditions ?? []} onChange={setConditions} />
      </FormModal>
    </>
  );
}

function Archive({ meter }: { meter: Meter }) {
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const may = useMay("member");
  if (!may) return null;
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>
        {metering.meters.archive}
      </Button>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={metering.meters.archive}
        action={metering.meters.archive}
        onConfirm={async () => {
          await ask(api.DELETE("/flexprice/v1/meters/{id}", { params: { path: { id: meter.id } } }));
          await queryClient.invalidateQueries({ queryKey: [METERS] });
          go("/meters");
        }}
      >
        {metering.meters.archiveSure(meter.name)}
      </Confirm>
    </>
  );
}
