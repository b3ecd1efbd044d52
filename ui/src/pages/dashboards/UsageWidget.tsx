/** Widgets of metered usage. Amounts are the server's exact decimals; charts alone take them as numbers. */

import { Stack, Text } from "@mantine/core";
import { type Json, listOf, objectOf, textOf } from "@/api/exact";
import { formatDecimal } from "@/format/numbers";
import { BROWSER_ZONE, dayOf, formatTime } from "@/format/times";
import { PieChart } from "@/parts/charts/PieChart";
import { SeriesChart } from "@/parts/charts/SeriesChart";
import { type Column, DataTable } from "@/parts/DataTable";
import { Figure } from "@/parts/Figure";
import { Empty } from "@/parts/states";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import { web } from "@/texts/web";
import { dateLabel, drawKind, type Shown } from "./drawing";

export function UsageWidget({ title, query, data, height, instead }: Shown) {
  const body = objectOf(data);
  const points = listOf(body.points).map(objectOf);
  const total = textOf(body.total_value) ?? "0";
  const zone = instead?.timezone ?? (typeof query.timezone === "string" ? query.timezone : BROWSER_ZONE);
  const windowed = typeof query.window_size === "string";
  if (query.draw === "number" || (!windowed && points.length === 0))
    return (
      <Stack gap={4}>
        <Figure label={dashboards.usage.total} value={formatDecimal(total)} size="lg" />
        <Text size="xs" className="soft figures">
          {dashboards.usage.events(formatDecimal(textOf(body.event_count) ?? "0"))}
        </Text>
      </Stack>
    );
  if (points.length === 0) return <Empty title={texts.charts.noData} height={height} />;
  const label = (iso: string) => bucketLabel(iso, query.window_size, zone);
  if (query.draw === "table") return <UsageTable {...{ title, points, height, windowed, label }} />;
  if (query.draw === "pie")
    return (
      <PieChart title={title} parts={[...summed(points)].map(([name, value]) => ({ name, value }))} height={height} />
    );
  const groups = [...new Set(points.map(groupOf))];
  if (!windowed)
    return (
      <SeriesChart
        title={title}
        labels={points.map(groupOf)}
        series={[{ name: dashboards.usage.value, values: points.map((one) => Number(textOf(one.value) ?? 0)) }]}
        kind="bar"
        unit={dashboards.usage.value}
        height={height}
      />
    );
  const times = [...new Set(points.map((one) => textOf(one.timestamp) ?? ""))].sort();
  const kind = drawKind(query.draw, "bar");
  return (
    <SeriesChart
      title={title}
      labels={times.map(label)}
      series={groups.map((group) => {
        const own = new Map(
          points
            .filter((one) => groupOf(one) === group)
            .map((one) => [textOf(one.timestamp) ?? "", Number(textOf(one.value) ?? 0)]),
        );
        return { name: group || dashboards.usage.value, values: times.map((time) => own.get(time) ?? 0) };
      })}
      kind={kind}
      stacked={kind !== "line" && groups.length > 1}
      unit={dashboards.usage.value}
      height={height}
    />
  );
}

function groupOf(point: Json): string {
  return Object.values(objectOf(point.group_by))
    .map((one) => textOf(one) || web.unknown)
    .join(" · ");
}

function summed(points: readonly Json[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const point of points) {
    const name = groupOf(point) || dashboards.usage.value;
    sums.set(name, (sums.get(name) ?? 0) + Number(textOf(point.value) ?? 0));
  }
  return sums;
}

/** The instant at which a window begins, as its zone has it. */
function bucketLabel(iso: string, size: unknown, zone: string): string {
  if (typeof size === "string" && /MIN|HOUR/.test(size)) return formatTime(iso, zone);
  return dateLabel(dayOf(new Date(iso), zone), size === "MONTH" ? "month" : "day");
}

interface TableProps {
  title: string;
  points: readonly Json[];
  height: number;
  windowed: boolean;
  label: (iso: string) => string;
}

function UsageTable({ title, points, height, windowed, label }: TableProps) {
  const grouped = points.some((one) => one.group_by !== undefined);
  const columns: Column<Json>[] = [
    ...(windowed
      ? [
          {
            id: "time",
            title: texts.charts.time,
            cell: (row: Json) => label(textOf(row.timestamp) ?? ""),
            by: (row: Json) => textOf(row.timestamp) ?? "",
          },
        ]
      : []),
    ...(grouped ? [{ id: "group", title: dashboards.usage.group, cell: groupOf, by: groupOf }] : []),
    {
      id: "value",
      title: dashboards.usage.value,
      number: true,
      cell: (row) => formatDecimal(textOf(row.value) ?? "0"),
      by: (row) => Number(textOf(row.value) ?? 0),
    },
  ];
  return (
    <DataTable
      label={title}
      columns={columns}
      rows={points}
      rowKey={(row) => `${textOf(row.timestamp)} ${groupOf(row)}`}
      maxHeight={height}
    />
  );
}
