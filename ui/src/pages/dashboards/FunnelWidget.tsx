/** A funnel: each step with its visitors, the share of the first step as a bar, and how many went on from the step before. */
import { Box, Group, ScrollArea, Stack, Text } from "@mantine/core";
import { formatDecimal, formatDuration, formatShare } from "@/format/numbers";
import { listOf, objectOf, textOf } from "@/pages/explore/answer";
import { Empty } from "@/parts/states";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import type { Shown } from "./drawing";

const { funnel } = dashboards;

export function FunnelWidget({ title, data, height }: Shown) {
  const steps = listOf(objectOf(data).steps).map(objectOf);
  if (steps.length === 0) return <Empty title={texts.charts.noData} height={height} />;
  return (
    <ScrollArea.Autosize mah={height} type="auto" viewportProps={{ tabIndex: 0, role: "group", "aria-label": title }}>
      <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: "none" }}>
        {steps.map((step, place) => {
          const rate = textOf(step.rate);
          const onward = textOf(step.step_rate);
          const median = textOf(step.median_seconds);
          const name = textOf(step.name) ?? "";
          return (
            <li key={place}>
              <Group justify="space-between" wrap="nowrap" gap="sm">
                <Text size="sm" fw={550} truncate>
                  {place + 1}. {name}
                </Text>
                <Text size="sm" className="figures" style={{ whiteSpace: "nowrap" }}>
                  {formatDecimal(textOf(step.visitors) ?? "0")}
                  <Text span size="sm" className="soft" ml={8}>
                    {rate === null ? "–" : formatShare(Number(rate))}
                  </Text>
                </Text>
              </Group>
              <Box className="funnel-track" aria-hidden>
                <Box className="funnel-bar" style={{ width: `${Math.max(Number(rate ?? 0) * 100, 0.5)}%` }} />
              </Box>
              {place > 0 && (
                <Text size="xs" className="soft">
                  {funnel.onward(onward === null ? "–" : formatShare(Number(onward)))}
                  {median !== null && ` · ${funnel.median(formatDuration(Number(median)))}`}
                </Text>
              )}
            </li>
          );
        })}
      </Stack>
    </ScrollArea.Autosize>
  );
}
