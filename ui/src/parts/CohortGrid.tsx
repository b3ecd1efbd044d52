/** Cohorts and how many of each came again: darker is more, and the number stands in every cell. */
import { ScrollArea } from "@mantine/core";
import { formatDecimal, formatShare } from "@/format/numbers";
import { type Interval, labelOf } from "@/format/times";
import { web } from "@/texts/web";

export interface Cohort {
  date: string;
  /** An exact count. */
  visitors: string;
  /** Shares of the visitors, 0 to 1, by periods after the first; null where the period is still to come. */
  rates: readonly (string | null)[];
}

interface CohortGridProps {
  label: string;
  cohorts: readonly Cohort[];
  interval: Interval;
  /** How many columns; without it as many as the longest cohort has. */
  periods?: number;
  maxHeight: number;
  /** Pressing the date of a cohort; `cohortLabel` says what that does, to screen readers. */
  onCohort?: (date: string) => void;
  cohortLabel?: (name: string) => string;
}

export function CohortGrid(props: CohortGridProps) {
  const { label, cohorts, interval, periods, maxHeight, onCohort, cohortLabel } = props;
  const columns = periods ?? Math.max(0, ...cohorts.map(({ rates }) => rates.length));
  const places = Array.from({ length: columns }, (_, place) => place);
  return (
    <ScrollArea.Autosize
      mah={maxHeight}
      type="auto"
      viewportProps={{ tabIndex: 0, role: "group", "aria-label": label }}
    >
      <table className="table" aria-label={label} style={{ minWidth: 560 }}>
        <thead>
          <tr>
            <th scope="col">{web.cohort}</th>
            <th scope="col" className="number">
              {web.metrics.visitors}
            </th>
            {places.map((place) => (
              <th key={place} scope="col" className="number">
                {web.after(place)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cohorts.map((cohort) => (
            <tr key={cohort.date} {...(onCohort ? { "data-clickable": true } : {})}>
              <td style={{ whiteSpace: "nowrap" }}>
                {onCohort ? (
                  <button
                    type="button"
                    className="row-button"
                    aria-label={cohortLabel?.(labelOf(cohort.date, interval))}
                    onClick={() => onCohort(cohort.date)}
                  >
                    {labelOf(cohort.date, interval)}
                  </button>
                ) : (
                  labelOf(cohort.date, interval)
                )}
              </td>
              <td className="number">{formatDecimal(cohort.visitors)}</td>
              {places.map((place) => (
                <Cell key={place} rate={cohort.rates[place]} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea.Autosize>
  );
}

function Cell({ rate }: { rate: string | null | undefined }) {
  if (rate === null || rate === undefined) return <td className="number" />;
  const share = Number(rate);
  // At most so much of the colour that the text is read on it in both schemes.
  const strength = Math.round(Math.min(1, Math.sqrt(share)) * 80);
  return (
    <td
      className="number"
      style={{ background: `color-mix(in srgb, light-dark(#74afdc, #0f5f99) ${strength}%, transparent)` }}
    >
      {formatShare(share, 0)}
    </td>
  );
}
