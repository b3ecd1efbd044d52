import { Group, Stack } from "@mantine/core";
import { changeOf, formatNumber } from "@/format/numbers";
import { labelOf } from "@/format/times";
import { SeriesChart } from "@/parts/charts/SeriesChart";
import { Figure } from "@/parts/Figure";
import { Panel } from "@/parts/Panel";
import { Answer } from "@/parts/states";
import { texts } from "@/texts";
import { home } from "@/texts/home";
import { Into } from "./Into";
import { type Daily, useDaily } from "./questions";

const CHART = 240;

/** All events of the last 30 days by day, beside the 30 days before. */
export function DailyPanel() {
  const daily = useDaily();
  return (
    <Panel title={home.events} about={home.eventsAbout} actions={<Into href="/explore" name={home.toExplore} />}>
      <Answer of={daily} height={CHART + 76}>
        {(told) => <Drawn told={told} />}
      </Answer>
    </Panel>
  );
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function Drawn({ told: { days, now, before } }: { told: Daily }) {
  const [total, earlier] = [sum(now), sum(before)];
  return (
    <Stack gap="sm">
      <Group gap="xl" align="flex-start" mih={64}>
        <Figure
          label={home.last30}
          value={formatNumber(total)}
          {...(earlier > 0 ? { change: changeOf(total, earlier), before: home.before } : {})}
        />
        <Figure label={home.today} value={formatNumber(now.at(-1) ?? 0)} />
        <Figure label={home.perDay} value={formatNumber(Math.round(total / days.length))} />
      </Group>
      <SeriesChart
        title={home.events}
        labels={days.map((day) => labelOf(day, "day"))}
        series={[
          { name: home.last30, values: now },
          ...(earlier > 0 ? [{ name: texts.charts.before, values: before, compared: true }] : []),
        ]}
        kind="area"
        unit={home.unit}
        height={CHART}
        partial
      />
    </Stack>
  );
}
