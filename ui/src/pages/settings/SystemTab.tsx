import { Alert, Group, Progress, SegmentedControl, SimpleGrid, Stack, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import type { paths } from "@/api/schema";
import { formatBytes, formatDuration, formatNumber } from "@/format/numbers";
import { SeriesChart } from "@/parts/charts/SeriesChart";
import { Figure } from "@/parts/Figure";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { useProject } from "@/state/session";
import { choice, useUrlState } from "@/state/url";
import { system as words } from "@/texts/settings";
import { StateMark } from "./StateMark";

type System = paths["/console/v1/system"]["get"]["responses"][200]["content"]["application/json"];
type Line = "lag" | "backlog" | "rate";

const AGAIN_MS = 2_000;
const KEPT = 300;
const LINES: readonly Line[] = ["rate", "lag", "backlog"];
const STATE = { chart: choice<Line>(LINES, "rate") };

/** What was seen at a moment (milliseconds). */
interface Point {
  at: number;
  loaded: number;
  lag: number;
  backlog: number;
}

export default function SystemTab() {
  const project = useProject();
  const state = useAsk([project.id, "system"], (signal) => ask(api.GET("/console/v1/system", { signal })), {
    every: AGAIN_MS,
  });
  const points = usePoints(state.data, state.dataUpdatedAt);
  return (
    <Answer of={state} height={560}>
      {(now) => (
        <Stack gap="md">
          <Headline of={now} />
          <SimpleGrid cols={{ base: 2, md: 4 }} spacing="md">
            <Tile label={words.lag} value={`${formatNumber(now.lag_s, 2)} s`} below={words.lagHint} />
            <Tile
              label={words.backlog}
              value={formatBytes(now.backlog_bytes)}
              below={words.backlogOf(formatBytes(now.backlog_limit_bytes))}
              share={now.backlog_bytes / Math.max(1, now.backlog_limit_bytes)}
            />
            <Tile
              label={words.disk}
              value={formatBytes(now.disk_free_bytes)}
              below={words.diskOf(formatBytes(now.disk_total_bytes))}
              share={1 - now.disk_free_bytes / Math.max(1, now.disk_total_bytes)}
            />
            <Tile
              label={words.store}
              value={now.store_bytes === null ? words.elsewhere : formatBytes(now.store_bytes)}
              below={`${words.journal} ${formatBytes(now.journal_bytes)}`}
            />
            <Tile label={words.memory} value={formatBytes(now.memory_bytes)} />
            <Tile label={words.loaded} value={formatNumber(now.events_loaded)} below={words.sinceStart} />
            <Tile label={words.duplicates} value={formatNumber(now.events_duplicate)} below={words.sinceStart} />
            <Tile label={words.setAside} value={formatNumber(now.events_set_aside)} below={words.sinceStart} />
          </SimpleGrid>
          <History points={points} />
        </Stack>
      )}
    </Answer>
  );
}

function Headline({ of }: { of: System }) {
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <StateMark kind={of.ready ? "good" : "bad"} name={of.ready ? words.ready : words.notReady} />
        <Text size="sm" className="soft figures">
          {words.version(of.version)} · {words.up(formatDuration(of.uptime_s))}
        </Text>
      </Group>
      {of.faults.length > 0 && (
        <Alert color="red" variant="light" title={words.faults}>
          {of.faults.map(({ part, fault }) => (
            <Text size="sm" key={part}>
              {part}: {fault}
            </Text>
          ))}
        </Alert>
      )}
    </Stack>
  );
}

interface TileProps {
  label: string;
  value: string;
  below?: string;
  /** In use, 0 to 1. */
  share?: number;
}

function Tile({ label, value, below, share }: TileProps) {
  return (
    <Panel style={{ height: "100%" }}>
      <Stack gap={6}>
        <Figure label={label} value={value} />
        {share !== undefined && (
          <Progress
            size="sm"
            value={Math.max(share * 100, 0)}
            color={share > 0.9 ? "red.8" : "brand"}
            aria-label={words.share(label)}
          />
        )}
        {below && (
          <Text size="xs" className="soft figures">
            {below}
          </Text>
        )}
      </Stack>
    </Panel>
  );
}

/** What the answers said since the page was opened. */
function usePoints(now: System | undefined, at: number): readonly Point[] {
  const [points, setPoints] = useState<readonly Point[]>([]);
  useEffect(() => {
    if (now === undefined) return;
    const point = { at, loaded: now.events_loaded, lag: now.lag_s, backlog: now.backlog_bytes / 1024 };
    setPoints((before) => (before.at(-1)?.at === at ? before : [...before, point].slice(-KEPT)));
  }, [now, at]);
  return points;
}

function valuesOf(points: readonly Point[], line: Line): number[] {
  if (line !== "rate") return points.slice(1).map((point) => point[line]);
  return points.slice(1).map((point, place) => {
    const before = points[place] ?? point;
    return Math.max(0, point.loaded - before.loaded) / Math.max(0.001, (point.at - before.at) / 1000);
  });
}

const clock = (at: number) => new Date(at).toLocaleTimeString("en-GB");

function History({ points }: { points: readonly Point[] }) {
  const [{ chart }, change] = useUrlState(STATE);
  return (
    <Panel
      title={words.chartTitle}
      about={words.chartAbout}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={words.chart.label}
          value={chart}
          onChange={(line) => change({ chart: line as Line }, { replace: true })}
          data={LINES.map((value) => ({ value, label: words.chart[value] }))}
        />
      }
    >
      {points.length < 2 ? (
        <Empty title={words.gathering} height={220} />
      ) : (
        <SeriesChart
          title={`${words.chart[chart]} (${words.units[chart]})`}
          labels={points.slice(1).map(({ at }) => clock(at))}
          series={[{ name: words.chart[chart], values: valuesOf(points, chart) }]}
          kind="area"
          unit={words.units[chart]}
          height={220}
        />
      )}
    </Panel>
  );
}
