/** Usage of a meter over time: each group its own line. */
import { addDays, dayOf, formatDay, formatTime } from "@/format/times";
import { type Series, SeriesChart } from "@/parts/charts/SeriesChart";
import type { useUsage, Window } from "./ask";

type Usage = NonNullable<ReturnType<typeof useUsage>["data"]>;

interface UsageChartProps {
  title: string;
  unit: string;
  usage: Usage;
  window: Window;
  zone: string;
  height?: number;
}

export function UsageChart({ title, unit, usage, window, zone, height = 300 }: UsageChartProps) {
  const keyOf = (time: string) => (window === "DAY" ? dayOf(new Date(time), zone) : time);
  const times = timesOf(
    usage.points.map(({ timestamp }) => keyOf(timestamp)),
    window,
  );
  const byName = new Map<string, Map<string, number>>();
  for (const { timestamp, value, group_by } of usage.points) {
    const name =
      Object.values(group_by ?? {})
        .map(String)
        .join(" · ") || title;
    const line = byName.get(name) ?? new Map<string, number>();
    line.set(keyOf(timestamp), Number(value));
    byName.set(name, line);
  }
  const series: Series[] = [...byName].map(([name, line]) => ({
    name,
    values: times.map((time) => line.get(time) ?? null),
  }));
  return (
    <SeriesChart
      title={title}
      labels={times.map((time) =>
        window === "HOUR" ? formatTime(time, zone) : formatDay(time, window === "DAY" ? "UTC" : zone),
      )}
      series={series}
      kind="bar"
      stacked={series.length > 1}
      unit={unit}
      height={height}
    />
  );
}

/** In their order. The answer names only windows with usage: between them no day may be missing on the axis. */
function timesOf(found: readonly string[], window: Window): string[] {
  const known = [...new Set(found)].sort();
  const last = known.at(-1);
  if (window !== "DAY" || last === undefined) return known;
  const days: string[] = [];
  for (let day = known[0] ?? last; day <= last; day = addDays(day, 1)) days.push(day);
  return days;
}
