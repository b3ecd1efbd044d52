/** Cohorts and how many of each came again. */
import { type Json, listOf, objectOf, textOf } from "@/api/exact";
import { BUCKETS } from "@/format/times";
import { CohortGrid } from "@/parts/CohortGrid";
import { Empty } from "@/parts/states";
import { texts } from "@/texts";

export function Retention({ title, body, height }: { title: string; body: Json; height: number }) {
  const interval = BUCKETS.find((one) => one === body.interval) ?? "week";
  const cohorts = listOf(body.cohorts)
    .map(objectOf)
    .map((one) => ({
      date: textOf(one.date) ?? "",
      visitors: textOf(one.visitors) ?? "0",
      rates: listOf(one.rates).map(textOf),
    }));
  if (cohorts.length === 0) return <Empty title={texts.charts.noData} height={height} />;
  return <CohortGrid label={title} cohorts={cohorts} interval={interval} maxHeight={height} />;
}
