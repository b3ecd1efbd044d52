import { SimpleGrid, Stack, useMatches } from "@mantine/core";
import { changeOf, formatNumber, formatShare } from "@/format/numbers";
import { labelOf } from "@/format/times";
import { SeriesChart } from "@/parts/charts/SeriesChart";
import { Figure } from "@/parts/Figure";
import { Panel } from "@/parts/Panel";
import { Answer } from "@/parts/states";
import { texts } from "@/texts";
import { home } from "@/texts/home";
import { Into } from "./Into";
import { useVisitors } from "./questions";

interface WebPanelProps {
  website: { id: string; name: string; timezone: string };
  besideBilling: boolean;
}

/** Visitors of the website that was made last. */
export function WebPanel({ website, besideBilling }: WebPanelProps) {
  const visitors = useVisitors(website.id);
  // Beside the panels of billing it is as high as they are together.
  const chart = useMatches({ base: 250, md: besideBilling ? 370 : 250 });
  return (
    <Panel
      title={home.web}
      about={home.webAbout(website.name, website.timezone)}
      actions={<Into href={`/web/${encodeURIComponent(website.id)}`} name={home.toWeb} />}
    >
      <Answer of={visitors} height={chart + 76}>
        {({ metrics, data = [], compare }) => {
          const change = (now: number | undefined, before: number | undefined) =>
            before ? { change: changeOf(now ?? 0, before), before: home.before } : {};
          const old = compare?.metrics;
          return (
            <Stack gap="sm">
              <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="sm" mih={64}>
                <Figure
                  label={home.visitors}
                  value={formatNumber(metrics?.visitors ?? 0)}
                  {...change(metrics?.visitors, old?.visitors)}
                />
                <Figure
                  label={home.visits}
                  value={formatNumber(metrics?.visits ?? 0)}
                  {...change(metrics?.visits, old?.visits)}
                />
                <Figure
                  label={home.pageViews}
                  value={formatNumber(metrics?.page_views ?? 0)}
                  {...change(metrics?.page_views, old?.page_views)}
                />
                <Figure label={home.bounce} value={shareOf(metrics?.bounce_rate)} />
              </SimpleGrid>
              <SeriesChart
                title={home.visitors}
                labels={data.map(({ date }) => labelOf(date, "day"))}
                series={[
                  { name: home.visitors, values: data.map((point) => point.visitors ?? 0) },
                  ...(old?.visitors
                    ? [
                        {
                          name: texts.charts.before,
                          values: (compare?.data ?? []).map((point) => point.visitors ?? 0),
                          compared: true,
                        },
                      ]
                    : []),
                ]}
                kind="area"
                unit={home.visitors.toLowerCase()}
                height={chart}
                partial
              />
            </Stack>
          );
        }}
      </Answer>
    </Panel>
  );
}

function shareOf(share: number | null | undefined): string {
  return share === null || share === undefined ? "–" : formatShare(share);
}
