/** A funnel, scrolling where its steps need more room than the widget has. */
import { ScrollArea } from "@mantine/core";
import { listOf, objectOf, textOf } from "@/api/exact";
import { FunnelSteps } from "@/parts/FunnelSteps";
import { Empty } from "@/parts/states";
import { texts } from "@/texts";
import type { Shown } from "./drawing";

export function FunnelWidget({ title, data, height }: Shown) {
  const steps = listOf(objectOf(data).steps)
    .map(objectOf)
    .map((one) => ({
      name: textOf(one.name) ?? "",
      visitors: textOf(one.visitors) ?? "0",
      rate: textOf(one.rate),
      step_rate: textOf(one.step_rate),
      median_seconds: textOf(one.median_seconds),
    }));
  if (steps.length === 0) return <Empty title={texts.charts.noData} height={height} />;
  return (
    <ScrollArea.Autosize mah={height} type="auto" viewportProps={{ tabIndex: 0, role: "group", "aria-label": title }}>
      <FunnelSteps steps={steps} />
    </ScrollArea.Autosize>
  );
}
