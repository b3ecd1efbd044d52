/** Lines, areas and bars over time (or over named groups), with a readable axis and the unit said once. */
import type { EChartsCoreOption } from "echarts/core";
import { type RefObject, useCallback } from "react";
import { formatNumber, formatShort } from "@/format/numbers";
import { texts } from "@/texts";
import { COMPARED_COLOUR, DATA_COLOURS } from "@/theme";
import { Chart, type ChartHandle, type Ink, tipOf } from "./Chart";

export interface Series {
  name: string;
  /** One for each label; null where there is no value. */
  values: readonly (number | null)[];
  /** Only there to compare with: grey and dashed. */
  compared?: boolean;
}

interface SeriesChartProps {
  title: string;
  /** What stands along the horizontal axis, already written for people. */
  labels: readonly string[];
  series: readonly Series[];
  kind?: "line" | "area" | "bar";
  /** Bars and areas of several series stand on one another. */
  stacked?: boolean;
  /** What is compared with stands beside the bars, as bars: where the labels are groups, which no line should join. */
  sideBySide?: boolean;
  /** Of the values, for example "EUR" or "tokens"; said above the axis. */
  unit?: string;
  height?: number | string;
  /** How a value is written in the tooltip. */
  format?: (value: number) => string;
  /** The last bucket is not over yet: its part of the line is dashed. */
  partial?: boolean;
  handle?: RefObject<ChartHandle | null>;
  onPress?: (label: string, index: number) => void;
}

export function SeriesChart(props: SeriesChartProps) {
  const {
    title,
    labels,
    series,
    kind = "line",
    stacked = false,
    sideBySide = false,
    unit,
    height = 280,
    format = formatNumber,
    partial = false,
  } = props;
  const option = useCallback(
    (ink: Ink): EChartsCoreOption => ({
      aria: { enabled: false },
      grid: { left: 8, right: 16, top: (series.length > 1 ? 30 : 8) + (unit ? 24 : 6), bottom: 4, containLabel: true },
      legend:
        series.length > 1
          ? {
              type: "scroll",
              // What is only there to compare with stands beside its own line, not in the list.
              data: series.filter((one) => !one.compared || series.length <= 2).map(({ name }) => name),
              top: 0,
              left: 0,
              icon: "roundRect",
              itemWidth: 10,
              itemHeight: 10,
              textStyle: { color: ink.soft },
              pageTextStyle: { color: ink.soft },
            }
          : { show: false },
      tooltip: {
        trigger: "axis",
        confine: true,
        backgroundColor: ink.ground,
        borderColor: ink.line,
        textStyle: { color: ink.text },
        formatter: (given: unknown) => tooltip(given, format),
      },
      xAxis: {
        type: "category",
        data: [...labels],
        boundaryGap: kind === "bar",
        axisTick: { show: false },
        axisLine: { lineStyle: { color: ink.line } },
        axisLabel: { color: ink.soft, hideOverlap: true, showMaxLabel: labels.length < 15 },
      },
      yAxis: {
        type: "value",
        name: unit ?? "",
        nameGap: 10,
        nameTextStyle: { color: ink.soft, align: "left" },
        minInterval: 0,
        splitNumber: 4,
        splitLine: { lineStyle: { color: ink.line } },
        axisLabel: {
          color: ink.soft,
          formatter: formatShort,
        },
      },
      series: series.flatMap((one, place) => drawn(one, colourOf(series, place), kind, stacked, partial, sideBySide)),
    }),
    [labels, series, kind, stacked, sideBySide, unit, format, partial],
  );
  return (
    <Chart
      title={title}
      summary={summaryOf(labels, series, format)}
      height={height}
      option={option}
      {...(props.handle ? { handle: props.handle } : {})}
      {...(props.onPress ? { onPress: props.onPress } : {})}
    />
  );
}

function colourOf(series: readonly Series[], place: number): string {
  if (series[place]?.compared) return COMPARED_COLOUR;
  const before = series.slice(0, place).filter((one) => !one.compared).length;
  return DATA_COLOURS[before % DATA_COLOURS.length] ?? DATA_COLOURS[0];
}

function drawn(
  one: Series,
  colour: string,
  kind: "line" | "area" | "bar",
  stacked: boolean,
  partial: boolean,
  sideBySide: boolean,
): object[] {
  const shared = {
    name: one.name,
    itemStyle: { color: colour },
    emphasis: { focus: "series" },
    ...(stacked && !one.compared ? { stack: "all" } : {}),
  };
  if (kind === "bar" && (!one.compared || sideBySide))
    return [
      {
        ...shared,
        type: "bar",
        data: [...one.values],
        barMaxWidth: 36,
        itemStyle: { color: colour, borderRadius: stacked ? 0 : [3, 3, 0, 0] },
      },
    ];
  const line = {
    ...shared,
    type: "line",
    showSymbol: one.values.length <= 1,
    symbolSize: 6,
    lineStyle: { width: one.compared ? 1.5 : 2.2, type: one.compared ? "dashed" : "solid", color: colour },
    ...(kind === "area" && !one.compared ? { areaStyle: { color: colour, opacity: stacked ? 0.75 : 0.14 } } : {}),
  };
  const last = one.values.length - 1;
  if (!partial || one.compared || last < 1 || stacked) return [{ ...line, data: [...one.values] }];
  // The part that is not over yet is a second, dashed line of the same name and colour.
  const sure = one.values.map((value, place) => (place === last ? null : value));
  const open = one.values.map((value, place) => (place >= last - 1 ? value : null));
  return [
    { ...line, data: sure },
    { ...line, data: open, areaStyle: undefined, showSymbol: false, lineStyle: { ...line.lineStyle, type: "dotted" } },
  ];
}

interface TipItem {
  axisValueLabel?: string;
  seriesName?: string;
  color?: string;
  value?: number | null;
}

function tooltip(given: unknown, format: (value: number) => string): HTMLElement {
  const items = (Array.isArray(given) ? given : [given]) as TipItem[];
  const rows = new Map<string, { colour: string; name: string; value: string }>();
  for (const { seriesName = "", color = "", value } of items)
    if (value !== null && value !== undefined)
      rows.set(seriesName, { colour: color, name: seriesName, value: format(value) });
  return tipOf(items[0]?.axisValueLabel ?? "", [...rows.values()]);
}

function summaryOf(labels: readonly string[], series: readonly Series[], format: (value: number) => string): string {
  const first = labels[0];
  const last = labels.at(-1);
  if (first === undefined || last === undefined) return texts.charts.noData;
  const lines = series.slice(0, 6).map(({ name, values }) => {
    const known = values.filter((value): value is number => value !== null);
    return known.length ? `${name}: ${format(Math.min(...known))} – ${format(Math.max(...known))}` : name;
  });
  return `${first} – ${last}. ${lines.join("; ")}`;
}
