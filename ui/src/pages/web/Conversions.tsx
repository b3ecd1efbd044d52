/** What counted as a conversion, and what was paid. */
import { Group, Stack, Text } from "@mantine/core";
import { formatDecimal, formatMoney, formatShare } from "@/format/numbers";
import { formatMetric } from "@/format/site";
import { DataTable } from "@/parts/DataTable";
import { Figure } from "@/parts/Figure";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { web } from "@/texts/web";
import { type Numbers, numberOf, rowsOf, type SiteAnswer, selection, useSiteAnswer } from "./site";
import type { PartProps } from "./WebPage";

const HEIGHT = 240;

export function Conversions({ site, view, onFilter }: PartProps) {
  const answer = useSiteAnswer("", [
    ...selection(site, view),
    ["metrics", "visitors"],
    ["breakdown_metrics", "conversions,visitors,conversion_rate"],
    ["group_by", "event_name"],
    ["sort", "conversions"],
    ["limit", "50"],
  ]);
  const rows = (given: SiteAnswer) => rowsOf(given).filter((row) => (numberOf(row.conversions) ?? 0) > 0);
  return (
    <Panel title={web.conversions} about={web.conversionsAbout} flush>
      <Answer
        of={answer}
        height={HEIGHT}
        isEmpty={(given) => rows(given).length === 0}
        empty={<Empty title={web.noConversions} hint={web.noConversionsHint} height={HEIGHT} />}
      >
        {(given) => {
          const most = Math.max(...rows(given).map((row) => numberOf(row.conversions) ?? 0));
          return (
            <DataTable
              label={web.conversions}
              columns={[
                {
                  id: "event",
                  title: web.event,
                  cell: (row) => row.value,
                  share: (row) => (numberOf(row.conversions) ?? 0) / most,
                },
                {
                  id: "conversions",
                  title: web.metrics.conversions,
                  number: true,
                  cell: (row) => formatDecimal(row.conversions ?? "0"),
                },
                {
                  id: "rate",
                  title: web.rate,
                  number: true,
                  cell: (row) => shownRate(row, numberOf(given.metrics.visitors)),
                },
              ]}
              rows={rows(given)}
              rowKey={(row) => row.value}
              onRow={(row) => onFilter({ dimension: "event_name", value: row.value })}
              rowLabel={(row) => web.filterBy(row.value)}
              maxHeight={HEIGHT}
            />
          );
        }}
      </Answer>
    </Panel>
  );
}

/** Of all visitors, as the card above: a row's own rate is of those who had the event, which says nothing of a name alone. */
function shownRate({ visitors, conversion_rate }: Numbers, all: number | null): string {
  const converted = (numberOf(visitors) ?? 0) * (numberOf(conversion_rate) ?? 0);
  return all ? formatShare(converted / all) : "–";
}

export function Revenue({ site, view }: PartProps) {
  const answer = useSiteAnswer("", [...selection(site, view), ["metrics", "revenue,orders,revenue_per_visitor"]]);
  return (
    <Panel title={web.revenue} about={web.revenueAbout(site.currency)}>
      <Answer
        of={answer}
        height={HEIGHT}
        isEmpty={({ metrics, revenue }) => numberOf(metrics.orders) === 0 && (revenue?.by_currency.length ?? 0) === 0}
        empty={<Empty title={web.noRevenue} hint={web.noRevenueHint} height={HEIGHT} />}
      >
        {(given) => (
          <Stack gap="lg">
            <Group gap="xl">
              {(["revenue", "orders", "revenue_per_visitor"] as const).map((metric) => (
                <Figure
                  key={metric}
                  label={web.metrics[metric]}
                  value={formatMetric(metric, given.metrics[metric], given.currency)}
                />
              ))}
            </Group>
            <div>
              <Text size="xs" className="soft" fw={550} mb={4}>
                {web.byCurrency}
              </Text>
              {(given.revenue?.by_currency ?? []).map(({ currency, amount }) => (
                <Group key={currency} justify="space-between" className="line">
                  <Text size="sm">{currency}</Text>
                  <Text size="sm" className="figures">
                    {formatMoney(amount, "")}
                  </Text>
                </Group>
              ))}
            </div>
            {(given.revenue?.unconverted.length ?? 0) > 0 && (
              <Text size="sm" className="soft">
                {web.unconverted(
                  (given.revenue?.unconverted ?? [])
                    .map(({ currency, amount }) => formatMoney(amount, currency))
                    .join(", "),
                )}
              </Text>
            )}
          </Stack>
        )}
      </Answer>
    </Panel>
  );
}
