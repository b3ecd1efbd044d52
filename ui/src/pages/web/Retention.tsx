/** Who came again, by when they came first. */
import { ScrollArea, Select } from "@mantine/core";
import { formatDecimal, formatShare } from "@/format/numbers";
import { labelOf } from "@/pages/explore/answer";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { web } from "@/texts/web";
import type { ChangingProps } from "./Attribution";
import { selection, useSiteAnswer } from "./site";

const HEIGHT = 280;
const INTERVALS = ["day", "week", "month"] as const;
const PERIODS = { day: 10, week: 8, month: 6 } as const;
const ABOUT = { day: web.retentionAboutDay, week: web.retentionAbout, month: web.retentionAboutMonth } as const;

interface Retained {
  cohorts: { date: string; visitors: string; returned: string[]; rates: (string | null)[] }[];
}

export function Retention({ site, view, change }: ChangingProps) {
  const { cohorts: interval } = view;
  const answer = useSiteAnswer<Retained>("/retention", [
    ...selection(site, view),
    ["interval", interval],
    ["periods", String(PERIODS[interval])],
  ]);
  return (
    <Panel
      title={web.retention}
      about={ABOUT[interval]}
      flush
      actions={
        <Select
          aria-label={web.interval}
          size="xs"
          w={110}
          data={INTERVALS.map((value) => ({ value, label: web.intervals[value] }))}
          value={interval}
          allowDeselect={false}
          onChange={(value) => change({ cohorts: INTERVALS.find((one) => one === value) ?? "week" }, { replace: true })}
        />
      }
    >
      <Answer
        of={answer}
        height={HEIGHT}
        isEmpty={({ cohorts }) => cohorts.length === 0}
        empty={<Empty title={web.noCohorts} height={HEIGHT} />}
      >
        {({ cohorts }) => (
          <ScrollArea.Autosize
            mah={420}
            type="auto"
            viewportProps={{ tabIndex: 0, role: "group", "aria-label": web.retention }}
          >
            <table className="table" aria-label={web.retention} style={{ minWidth: 560 }}>
              <thead>
                <tr>
                  <th scope="col">{web.cohort}</th>
                  <th scope="col" className="number">
                    {web.newVisitors}
                  </th>
                  {Array.from({ length: PERIODS[interval] }, (_, place) => (
                    <th key={place} scope="col" className="number">
                      {web.after(place)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {cohorts.map((cohort) => (
                  <tr key={cohort.date}>
                    <td>{labelOf(cohort.date, interval)}</td>
                    <td className="number">{formatDecimal(cohort.visitors)}</td>
                    {Array.from({ length: PERIODS[interval] }, (_, place) => (
                      <Cell key={place} rate={cohort.rates[place]} />
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollArea.Autosize>
        )}
      </Answer>
    </Panel>
  );
}

/** Darker is more; the number stands in every cell. */
function Cell({ rate }: { rate: string | null | undefined }) {
  if (rate === null || rate === undefined) return <td className="number" />;
  const share = Number(rate);
  const strength = Math.min(1, Math.sqrt(share));
  return (
    <td
      className="number"
      style={{
        background: `color-mix(in srgb, light-dark(#74afdc, #0f5f99) ${Math.round(strength * 80)}%, transparent)`,
      }}
    >
      {formatShare(share, 0)}
    </td>
  );
}
