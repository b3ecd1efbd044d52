/** Shares of a whole as a ring. What is beyond `most` parts is put together as "Other". */
import type { EChartsCoreOption } from "echarts/core";
import { type RefObject, useCallback, useMemo } from "react";
import { formatNumber, formatShare } from "@/format/numbers";
import { texts } from "@/texts";
import { DATA_COLOURS } from "@/theme";
import { Chart, type ChartHandle, type Ink, tipOf } from "./Chart";

export interface Part {
  name: string;
  value: number;
}

interface PieChartProps {
  title: string;
  parts: readonly Part[];
  height?: number | string;
  format?: (value: number) => string;
  most?: number;
  handle?: RefObject<ChartHandle | null>;
  onPress?: (name: string, index: number) => void;
}

export function PieChart({
  title,
  parts,
  height = 280,
  format = formatNumber,
  most = 7,
  handle,
  onPress,
}: PieChartProps) {
  const shown = useMemo(() => joined(parts, most), [parts, most]);
  const total = shown.reduce((sum, part) => sum + part.value, 0);
  const option = useCallback(
    (ink: Ink): EChartsCoreOption => ({
      tooltip: {
        confine: true,
        backgroundColor: ink.ground,
        borderColor: ink.line,
        textStyle: { color: ink.text },
        formatter: (given: { name: string; value: number; color: string }) =>
          tipOf(given.name, [
            { colour: given.color, name: formatShare(total ? given.value / total : 0), value: format(given.value) },
          ]),
      },
      legend: {
        orient: "vertical",
        left: "62%",
        top: "middle",
        icon: "circle",
        itemWidth: 9,
        itemHeight: 9,
        type: "scroll",
        textStyle: { color: ink.soft, width: 120, overflow: "truncate" },
      },
      // As high as wide: the names stand below.
      media: [
        {
          query: { maxAspectRatio: 1.45 },
          option: {
            legend: { orient: "horizontal", left: "center", top: "auto", bottom: 0 },
            series: [{ radius: ["44%", "70%"], center: ["50%", "44%"] }],
          },
        },
      ],
      series: [
        {
          type: "pie",
          radius: ["52%", "80%"],
          center: ["34%", "50%"],
          padAngle: 1,
          itemStyle: { borderRadius: 3, borderColor: ink.ground, borderWidth: 1 },
          label: { show: false },
          data: shown.map((part, place) => ({
            ...part,
            itemStyle: { color: DATA_COLOURS[place % DATA_COLOURS.length] },
          })),
        },
      ],
    }),
    [shown, format, total],
  );
  const summary = shown.map((part) => `${part.name}: ${format(part.value)}`).join("; ");
  return (
    <Chart
      title={title}
      summary={summary}
      height={height}
      option={option}
      {...(handle ? { handle } : {})}
      {...(onPress ? { onPress } : {})}
    />
  );
}

function joined(parts: readonly Part[], most: number): Part[] {
  const sorted = [...parts].sort((a, b) => b.value - a.value);
  if (sorted.length <= most) return sorted;
  const rest = sorted.slice(most - 1).reduce((sum, part) => sum + part.value, 0);
  return [...sorted.slice(0, most - 1), { name: texts.charts.other, value: rest }];
}
