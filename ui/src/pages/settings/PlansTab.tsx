import { Grid, Group, Progress, Stack } from "@mantine/core";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import type { paths } from "@/api/schema";
import { formatNumber } from "@/format/numbers";
import { type Column, DataTable } from "@/parts/DataTable";
import { Figure } from "@/parts/Figure";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { useProject } from "@/state/session";
import { settings, plans as words } from "@/texts/settings";
import { useNarrow } from "./useNarrow";

type Plans = paths["/console/v1/plans"]["get"]["responses"][200]["content"]["application/json"];
type Plan = Plans["plans"][number];
type KeyUse = Plans["use"]["keys"][number];

const limit = (value: number | null) => (value === null ? settings.unlimited : formatNumber(value));

const KEY_COLUMNS: Column<KeyUse>[] = [
  {
    id: "name",
    title: words.key,
    cell: ({ name, id }) => name || words.unnamed(id.slice(-6)),
    by: ({ name, id }) => name || id,
  },
  { id: "plan", title: words.plan, cell: ({ plan }) => plan, by: ({ plan }) => plan },
  {
    id: "requests",
    title: words.requests,
    number: true,
    cell: ({ requests_this_minute }) => formatNumber(requests_this_minute),
    by: ({ requests_this_minute }) => requests_this_minute,
    share: (use) => (use.requests_per_minute ? use.requests_this_minute / use.requests_per_minute : 0),
  },
  { id: "limit", title: words.perMinute, number: true, cell: (use) => limit(use.requests_per_minute) },
];

const PLAN_COLUMNS: Column<Plan>[] = [
  { id: "name", title: words.plan, cell: ({ name }) => name },
  { id: "minute", title: words.requestsPerMinute, number: true, cell: (plan) => limit(plan.requests_per_minute) },
  { id: "day", title: words.eventsPerDay, number: true, cell: (plan) => limit(plan.events_per_day) },
  { id: "hour", title: words.perHour, number: true, cell: (plan) => limit(plan.thebizness_per_hour) },
  { id: "batches", title: words.batchesPerHour, number: true, cell: (plan) => limit(plan.thebizness_batches_per_hour) },
  { id: "keys", title: words.keys, number: true, cell: ({ keys }) => formatNumber(keys) },
];

const AGAIN_MS = 5_000;

export default function PlansTab() {
  const project = useProject();
  const narrow = useNarrow();
  const plans = useAsk([project.id, "plans"], (signal) => ask(api.GET("/console/v1/plans", { signal })), {
    every: AGAIN_MS,
  });
  return (
    <Answer of={plans} height={420}>
      {({ plans, use }) => (
        <Stack gap="md">
          <Grid gap="md">
            <Grid.Col span={{ base: 12, md: 4 }}>
              <Panel style={{ height: "100%" }}>
                <Today of={use} />
              </Panel>
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 8 }}>
              <Panel title={words.keysTitle} flush>
                {use.keys.length ? (
                  <DataTable
                    label={words.keysList}
                    columns={KEY_COLUMNS.filter(({ id }) => !narrow || id !== "plan")}
                    rows={use.keys}
                    rowKey={({ id }) => id}
                    minWidth={narrow ? 300 : 460}
                    maxHeight={360}
                  />
                ) : (
                  <Empty title={words.noKeys} hint={words.noKeysHint} height={140} />
                )}
              </Panel>
            </Grid.Col>
          </Grid>
          <Panel title={words.plansTitle} about={words.plansAbout} flush>
            <DataTable
              label={words.plansList}
              columns={PLAN_COLUMNS}
              rows={plans}
              rowKey={({ name }) => name}
              minWidth={720}
            />
          </Panel>
        </Stack>
      )}
    </Answer>
  );
}

function Today({ of }: { of: Plans["use"] }) {
  const most = of.events_per_day;
  const share = most ? Math.min(1, of.events_today / most) : 0;
  return (
    <Stack gap="xs">
      <Figure label={words.today} value={formatNumber(of.events_today)} size="lg" />
      {most !== null && (
        <Progress value={share * 100} color={share > 0.9 ? "red.8" : "brand"} aria-label={words.used} />
      )}
      <Group className="soft figures" fz="sm">
        {most === null ? words.todayFree : words.todayOf(formatNumber(most))}
      </Group>
    </Stack>
  );
}
