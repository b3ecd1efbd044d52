/** Usage of a meter over time: each group its own line. */
import { formatDay, formatTime } from "@/format/times";
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
  const times = [...new Set(usage.points.map(({ timestamp }) => timestamp))].sort();
  const byName = new Map<string, Map<string, number>>();
  for (const { timestamp, value, group_by } of usage.points) {
    const name =
      Object.values(group_by ?? {})
        .map(String)
        .join(" · ") || title;
    const line = byName.get(name) ?? new Map<string, number>();
    line.set(timestamp, Number(value));
    byName.set(name, line);
  }
  const series: Series[] = [...byName].map(([name, line]) => ({
    name,
    values: times.map((time) => line.get(time) ?? null),
  }));
  return (
    <SeriesChart
      title={title}
      labels={times.map((time) => (window === "HOUR" ? formatTime(time, zone) : formatDay(time, zone)))}
      series={series}
      kind="bar"
      stacked={series.length > 1}
      unit={unit}
      height={height}
    />
  );
}
