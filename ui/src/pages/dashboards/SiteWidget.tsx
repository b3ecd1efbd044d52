/** Widgets of web analytics: numbers, series, breakdowns (on the world map too), retention, attribution. */

import { ScrollArea, SimpleGrid } from "@mantine/core";
import type { Exact } from "@/api/exact";
import { type Json, listOf, objectOf, textOf } from "@/api/exact";
import { changeOf, formatDecimal, formatMoney, roundDecimal } from "@/format/numbers";
import { dimensionName, drawnMetric, formatMetric, metricName, unitOf, valueName } from "@/format/site";
import { PieChart } from "@/parts/charts/PieChart";
import { type Series, SeriesChart } from "@/parts/charts/SeriesChart";
import { WorldMap } from "@/parts/charts/WorldMap";
import { type Column, DataTable } from "@/parts/DataTable";
import { Figure } from "@/parts/Figure";
import { Empty } from "@/parts/states";
import { texts } from "@/texts";
import { dateLabel, drawKind, type Shown } from "./drawing";
import { Retention } from "./Retention";

export function SiteWidget(props: Shown) {
  const { query, data } = props;
  const body = objectOf(data);
  if (query.view === "retention") return <Retention title={props.title} body={body} height={props.height} />;
  if (query.view === "attribution") return <Attribution {...props} body={body} />;
  if (query.view === "breakdown") return <Breakdown {...props} body={body} />;
  if (query.view === "metrics" || query.draw === "number") return <Numbers {...props} body={body} />;
  return <SeriesOf {...props} body={body} />;
}

type Part = Shown & { body: Json };

function metricsOf(query: Shown["query"], totals: Json): string[] {
  const asked = [query.metric, query.metrics].find((one): one is string => typeof one === "string");
  return asked ? asked.split(",").map((one) => one.trim()) : Object.keys(totals);
}

function Numbers({ title, body, query, height }: Part) {
  const totals = objectOf(body.metrics);
  const before = objectOf(objectOf(body.compare).metrics);
  const currency = textOf(body.currency) ?? "";
  const metrics = metricsOf(query, totals);
  const figure = (metric: string) => {
    const now = textOf(totals[metric]);
    const then = textOf(before[metric]);
    return (
      <Figure
        key={metric}
        label={metricName(metric)}
        size={metrics.length === 1 ? "lg" : "md"}
        value={formatMetric(metric, now, currency)}
        lessIsBetter={metric === "bounce_rate"}
        {...(body.compare === undefined
          ? {}
          : {
              change: now === null || then === null ? null : changeOf(Number(now), Number(then)),
              before: `${texts.charts.before}: ${formatMetric(metric, then, currency)}`,
            })}
      />
    );
  };
  if (metrics.length === 1) return figure(metrics[0] ?? "");
  return (
    <ScrollArea.Autosize mah={height} type="auto" viewportProps={{ tabIndex: 0, role: "group", "aria-label": title }}>
      <SimpleGrid
        type="container"
        cols={{ base: 2, "560px": Math.min(metrics.length, 4) }}
        spacing="md"
        verticalSpacing="sm"
      >
        {metrics.map(figure)}
      </SimpleGrid>
    </ScrollArea.Autosize>
  );
}

function SeriesOf({ title, query, body, height }: Part) {
  const points = listOf(body.data).map(objectOf);
  const before = listOf(objectOf(body.compare).data).map(objectOf);
  const metrics = metricsOf(query, objectOf(body.metrics));
  const currency = textOf(body.currency) ?? "";
  const first = metrics[0] ?? "";
  const numberAt = (point: Json | undefined, metric: string) => drawnMetric(metric, textOf(point?.[metric]));
  const series: Series[] = metrics.flatMap((metric) => [
    { name: metricName(metric), values: points.map((point) => numberAt(point, metric)) },
    ...(before.length
      ? [
          {
            name: `${metricName(metric)}, ${texts.charts.before}`,
            values: points.map((_, place) => numberAt(before[place], metric)),
            compared: true,
          },
        ]
      : []),
  ]);
  if (points.length === 0) return <Empty title={texts.charts.noData} height={height} />;
  return (
    <SeriesChart
      title={title}
      labels={points.map((point) => dateLabel(textOf(point.date) ?? "", textOf(body.interval) ?? "day"))}
      series={series}
      kind={drawKind(query.draw, "line")}
      unit={unitOf(first, currency)}
      height={height}
    />
  );
}

function Breakdown({ title, query, body, height }: Part) {
  const breakdowns = objectOf(body.breakdowns);
  const [key = "", found = null] = Object.entries(breakdowns)[0] ?? [];
  const rows = listOf(objectOf(found).rows).map(objectOf);
  const totals = objectOf(body.metrics);
  const shown = Object.keys(rows[0] ?? {}).filter((name) => name !== "value");
  const metrics = metricsOf(query, totals).filter((one) => shown.includes(one));
  const metric = metrics[0] ?? shown[0] ?? "visitors";
  const currency = textOf(body.currency) ?? "";
  const numberOf = (row: Json) => Number(textOf(row[metric]) ?? 0);
  const name = (row: Json) => valueName(key, textOf(row.value) ?? "");
  const format = (value: number) => formatMetric(metric, String(value), currency);
  if (rows.length === 0) return <Empty title={texts.charts.noData} height={height} />;
  if (query.draw === "map")
    return (
      <WorldMap
        title={title}
        values={rows.map((row) => ({ country: textOf(row.value) ?? "", value: numberOf(row) }))}
        height={height}
        format={format}
      />
    );
  if (query.draw === "pie")
    return (
      <PieChart
        title={title}
        parts={rows.map((row) => ({ name: name(row), value: numberOf(row) })).filter(({ value }) => value > 0)}
        height={height}
        format={format}
      />
    );
  if (query.draw === "bar")
    return (
      <SeriesChart
        title={title}
        labels={rows.map(name)}
        series={[{ name: metricName(metric), values: rows.map(numberOf) }]}
        kind="bar"
        unit={metricName(metric)}
        height={height}
        format={format}
      />
    );
  const most = Math.max(1, ...rows.map(numberOf));
  const columns: Column<Json>[] = [
    {
      id: "value",
      title: dimensionName(key),
      cell: name,
      by: (row) => textOf(row.value) ?? "",
      share: (row) => numberOf(row) / most,
    },
    ...(metrics.length ? metrics : [metric]).map(
      (one): Column<Json> => ({
        id: one,
        title: metricName(one),
        number: true,
        cell: (row) => formatMetric(one, textOf(row[one]), currency),
        by: (row) => Number(textOf(row[one]) ?? 0),
      }),
    ),
  ];
  return (
    <DataTable
      label={title}
      columns={columns}
      rows={rows}
      rowKey={(row) => textOf(row.value) ?? ""}
      maxHeight={height}
    />
  );
}

function Attribution({ title, query, body, height }: Part) {
  const currency = textOf(body.currency) ?? "";
  const dimension = textOf(body.dimension) ?? "channel";
  const rows: (Json & { value?: Exact })[] = listOf(body.rows).map(objectOf);
  const numberOf = (row: Json, name: string) => Number(textOf(row[name]) ?? 0);
  if (rows.length === 0) return <Empty title={texts.charts.noData} height={height} />;
  const name = (row: Json) => valueName(dimension, textOf(row.value) ?? "");
  if (query.draw === "bar")
    return (
      <SeriesChart
        title={title}
        labels={rows.map(name)}
        series={[{ name: metricName("revenue"), values: rows.map((row) => numberOf(row, "revenue")) }]}
        kind="bar"
        unit={currency}
        height={height}
      />
    );
  const most = Math.max(1, ...rows.map((row) => numberOf(row, "conversions")));
  const columns: Column<Json>[] = [
    {
      id: "value",
      title: dimensionName(dimension),
      cell: name,
      by: (row) => textOf(row.value) ?? "",
      share: (row) => numberOf(row, "conversions") / most,
    },
    {
      id: "conversions",
      title: metricName("conversions"),
      number: true,
      cell: (row) => formatDecimal(roundDecimal(textOf(row.conversions) ?? "0", 2)),
      by: (row) => numberOf(row, "conversions"),
    },
    {
      id: "revenue",
      title: metricName("revenue"),
      number: true,
      cell: (row) => formatMoney(textOf(row.revenue) ?? "0", currency),
      by: (row) => numberOf(row, "revenue"),
    },
  ];
  return (
    <DataTable
      label={title}
      columns={columns}
      rows={rows}
      rowKey={(row) => textOf(row.value) ?? ""}
      maxHeight={height}
    />
  );
}
