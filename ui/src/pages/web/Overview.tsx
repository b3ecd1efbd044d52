/** The numbers of the website, each with its change, and the one that was chosen over time. */
import { Box, Stack, UnstyledButton } from "@mantine/core";
import { changeOf } from "@/format/numbers";
import { drawnMetric, formatMetric, unitOf } from "@/format/site";
import { isPartial, labelOf, lengthOf } from "@/format/times";
import { SeriesChart } from "@/parts/charts/SeriesChart";
import { Figure } from "@/parts/Figure";
import { daysOfValues } from "@/parts/RangePicker";
import { Answer, Empty } from "@/parts/states";
import { web } from "@/texts/web";
import { METRICS, type Metric, numberOf, type SiteAnswer, selection, useSiteAnswer } from "./site";
import type { PartProps } from "./WebPage";

const CHART = 280;

export function Overview({ site, view, onMetric }: PartProps & { onMetric: (metric: Metric) => void }) {
  const days = daysOfValues(view, site.timezone);
  const length = lengthOf(days);
  const interval = length <= 2 ? "hour" : length <= 92 ? "day" : length <= 400 ? "week" : "month";
  const answer = useSiteAnswer("", [
    ...selection(site, view),
    ["metrics", METRICS.join(",")],
    ["interval", interval],
    ...(view.compare === "none" ? [] : [["compare", view.compare] as [string, string]]),
  ]);
  return (
    <section className="panel" aria-label={web.title}>
      <Answer of={answer} height={CHART + 130}>
        {(given) => (
          <Stack gap={0}>
            <Box className="metric-cards">
              {METRICS.map((metric) => (
                <MetricCard
                  key={metric}
                  metric={metric}
                  chosen={metric === view.metric}
                  answer={given}
                  onChoose={() => onMetric(metric)}
                />
              ))}
            </Box>
            <Box p="md" pt="sm">
              <MetricChart
                metric={view.metric}
                answer={given}
                interval={interval}
                partial={isPartial(days, site.timezone)}
              />
            </Box>
          </Stack>
        )}
      </Answer>
    </section>
  );
}

interface CardProps {
  metric: Metric;
  chosen: boolean;
  answer: SiteAnswer;
  onChoose: () => void;
}

function MetricCard({ metric, chosen, answer, onChoose }: CardProps) {
  const now = numberOf(answer.metrics[metric]);
  const before = answer.compare && numberOf(answer.compare.metrics[metric]);
  return (
    <UnstyledButton
      className="metric-card"
      aria-pressed={chosen}
      onClick={onChoose}
      title={web.show(web.metrics[metric])}
    >
      <Figure
        size="sm"
        label={web.metrics[metric]}
        value={formatMetric(metric, answer.metrics[metric], answer.currency)}
        lessIsBetter={metric === "bounce_rate"}
        {...(answer.compare
          ? {
              change: now === null ? null : changeOf(now, before),
              before: `${web.before}: ${formatMetric(metric, answer.compare.metrics[metric], answer.currency)}`,
            }
          : {})}
      />
    </UnstyledButton>
  );
}

interface ChartProps {
  metric: Metric;
  answer: SiteAnswer;
  interval: "hour" | "day" | "week" | "month";
  partial: boolean;
}

function MetricChart({ metric, answer, interval, partial }: ChartProps) {
  if (answer.data.length === 0) return <Empty title={web.noVisits} height={CHART} />;
  const name = web.metrics[metric];
  const now = answer.data.map((point) => drawnMetric(metric, point[metric]));
  const before = answer.compare?.data.slice(0, now.length).map((point) => drawnMetric(metric, point[metric]));
  return (
    <SeriesChart
      title={web.over(name)}
      labels={answer.data.map(({ date }) => labelOf(date, interval))}
      series={[{ name, values: now }, ...(before ? [{ name: web.before, values: before, compared: true }] : [])]}
      kind="area"
      unit={unitOf(metric, answer.currency)}
      height={CHART}
      partial={partial}
    />
  );
}
