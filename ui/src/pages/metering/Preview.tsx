/** What a meter would have measured, asked of the real events by the same route that everybody asks. */
import { Stack } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type Json, listOf, objectOf, parseExact, postText, textOf } from "@/api/exact";
import { useAsk } from "@/api/queries";
import { formatDecimal } from "@/format/numbers";
import { BROWSER_ZONE, daysOf, formatDay } from "@/format/times";
import { SeriesChart } from "@/parts/charts/SeriesChart";
import { Figure } from "@/parts/Figure";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { useProject } from "@/state/session";
import { metering } from "@/texts/metering";
import { usageDays } from "./ask";
import { type Draft, lackingOf, questionOf } from "./draft";

const { form: texts } = metering;

export function Preview({ draft }: { draft: Draft }) {
  const project = useProject();
  const [settled] = useDebouncedValue(draft, 300);
  const lacking = lackingOf(settled);
  const question = {
    ...questionOf(settled),
    ...usageDays(daysOf("30d", BROWSER_ZONE), BROWSER_ZONE),
    timezone: BROWSER_ZONE,
  };
  const answer = useAsk(
    ["preview", project.id, question],
    async (signal) => {
      const asked = [question, { ...question, window_size: "DAY" }];
      const [whole, daily] = await Promise.all(
        asked.map(async (one) => objectOf(parseExact(await postText("/flexprice/v1/events/usage", one, signal)))),
      );
      return { total: textOf(whole?.value) ?? "0", byDay: summedByDay(listOf(daily?.results).map(objectOf)) };
    },
    { when: lacking === null },
  );
  return (
    <Panel title={texts.preview} about={texts.previewAbout}>
      {lacking ? (
        <Empty title={texts.lacking[lacking]} height={380} />
      ) : (
        <Answer of={answer} height={380}>
          {({ total, byDay }) => (
            <Stack gap="sm">
              <Figure label={texts.total} value={formatDecimal(total)} />
              <SeriesChart
                title={texts.preview}
                labels={[...byDay.keys()].map((start) => formatDay(start, BROWSER_ZONE))}
                series={[{ name: metering.meters.types[settled.type], values: [...byDay.values()] }]}
                kind="bar"
                unit={metering.meters.types[settled.type]}
                height={300}
              />
            </Stack>
          )}
        </Answer>
      )}
    </Panel>
  );
}

/** For drawing alone. In groups a day has several values, which a meter adds up. */
function summedByDay(points: readonly Json[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const point of points) {
    const start = textOf(point.window_size) ?? "";
    sums.set(start, (sums.get(start) ?? 0) + Number(textOf(point.value) ?? 0));
  }
  return sums;
}
