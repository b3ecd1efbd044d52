/** Numbers by country on a map. The shapes (Natural Earth, public domain) come from a package and are served by us. */
import type { EChartsCoreOption } from "echarts/core";
import { type RefObject, useCallback, useMemo } from "react";
import { formatNumber } from "@/format/numbers";
import { countryName } from "@/format/site";
import { texts } from "@/texts";
import { Chart, type ChartHandle, type Ink, tipOf } from "./Chart";

interface WorldMapProps {
  title: string;
  /** By ISO 3166 alpha-2 code. */
  values: readonly { country: string; value: number }[];
  height?: number | string;
  format?: (value: number) => string;
  onPress?: (country: string) => void;
  handle?: RefObject<ChartHandle | null>;
}

/** Draws the outlines once; kept by the chart library under this name. */
async function prepareWorld(engine: typeof import("./engine")): Promise<void> {
  if (engine.echarts.getMap("world")) return;
  const { worldShapes } = await import("./world");
  engine.echarts.registerMap("world", worldShapes() as never);
}

export function WorldMap({ title, values, height = 320, format = formatNumber, onPress, handle }: WorldMapProps) {
  const most = useMemo(() => Math.max(1, ...values.map((one) => one.value)), [values]);
  const option = useCallback(
    (ink: Ink): EChartsCoreOption => ({
      tooltip: {
        confine: true,
        backgroundColor: ink.ground,
        borderColor: ink.line,
        textStyle: { color: ink.text },
        formatter: (given: { name: string; value?: number; color?: string }) =>
          tipOf(countryName(given.name), [
            {
              colour: String(given.color ?? ""),
              name: title,
              value: given.value && given.value > 0 ? format(given.value) : "0",
            },
          ]),
      },
      visualMap: {
        show: false,
        min: 0,
        max: most,
        inRange: { color: ink.dark ? ["#16324a", "#2f7fb8", "#a5d8ff"] : ["#d8e8f4", "#4d97d2", "#063e69"] },
      },
      series: [
        {
          type: "map",
          map: "world",
          nameProperty: "name",
          roam: false,
          left: 8,
          right: 8,
          top: 8,
          bottom: 8,
          aspectScale: 0.85,
          itemStyle: { areaColor: ink.dark ? "#262c33" : "#eef1f4", borderColor: ink.ground, borderWidth: 0.5 },
          emphasis: { label: { show: false }, itemStyle: { areaColor: "#e69f00" } },
          select: { disabled: true },
          data: values.map(({ country, value }) => ({ name: country.toUpperCase(), value })),
        },
      ],
    }),
    [values, most, format, title],
  );
  const top = [...values].sort((a, b) => b.value - a.value).slice(0, 8);
  return (
    <Chart
      title={title}
      summary={top.map((one) => `${countryName(one.country)}: ${format(one.value)}`).join("; ") || texts.charts.noData}
      height={height}
      option={option}
      prepare={prepareWorld}
      {...(handle ? { handle } : {})}
      {...(onPress ? { onPress: (name: string) => onPress(name) } : {})}
    />
  );
}
