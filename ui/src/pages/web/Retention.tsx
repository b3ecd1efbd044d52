/** Who came again, by when they came first. */

import { Select } from "@mantine/core";
import { daysOfBucket } from "@/format/times";
import { type Cohort, CohortGrid } from "@/parts/CohortGrid";
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
  cohorts: Cohort[];
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
          <CohortGrid
            label={web.retention}
            cohorts={cohorts}
            interval={interval}
            periods={PERIODS[interval]}
            maxHeight={420}
            cohortLabel={web.onlyDays}
            onCohort={(date) => change({ range: "custom", ...daysOfBucket(date, interval) })}
          />
        )}
      </Answer>
    </Panel>
  );
}
