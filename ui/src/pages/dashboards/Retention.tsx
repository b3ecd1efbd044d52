/** Cohorts and how many of each came again: a grid whose ground is darker where more did. */
import { ScrollArea } from "@mantine/core";
import { formatDecimal, formatShare } from "@/format/numbers";
import { type Json, listOf, objectOf, textOf } from "@/pages/explore/answer";
import { Empty } from "@/parts/states";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import { dateLabel } from "./drawing";

const { retention } = dashboards;

export function Retention({ body, height }: { body: Json; height: number }) {
  const interval = textOf(body.interval) ?? "week";
  const cohorts = listOf(body.cohorts).map(objectOf);
  const longest = Math.max(0, ...cohorts.map((one) => listOf(one.rates).length));
  if (cohorts.length === 0 || longest === 0) return <Empty title={texts.charts.noData} height={height} />;
  return (
    <ScrollArea.Autosize
      mah={height}
      type="auto"
      viewportProps={{ tabIndex: 0, role: "group", "aria-label": retention.label }}
    >
      <table className="table" aria-label={retention.label}>
        <thead>
          <tr>
            <th>{retention.cohort}</th>
            <th className="number">{retention.visitors}</th>
            {Array.from({ length: longest }, (_, place) => (
              <th key={place} className="number">
                {retention.after(place, interval)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cohorts.map((cohort) => {
            const date = textOf(cohort.date) ?? "";
            const rates = listOf(cohort.rates).map(textOf);
            return (
              <tr key={date}>
                <td style={{ whiteSpace: "nowrap" }}>{dateLabel(date, interval)}</td>
                <td className="number">{formatDecimal(textOf(cohort.visitors) ?? "0")}</td>
                {Array.from({ length: longest }, (_, place) => {
                  const rate = rates[place] ?? null;
                  return (
                    <td
                      key={place}
                      className="number"
                      style={rate === null ? {} : { background: groundOf(Number(rate)) }}
                    >
                      {rate === null ? "" : formatShare(Number(rate), 0)}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </ScrollArea.Autosize>
  );
}

/** At most 45 % of the colour, so that the text is read on it in both schemes. */
function groundOf(rate: number): string {
  const strength = Math.round(Math.min(1, Math.sqrt(rate)) * 45);
  return `color-mix(in srgb, #0072b2 ${strength}%, transparent)`;
}
