/** The answer as a table: what is shown, and what the CSV has. */
import { explore } from "@/texts/explore";
import { type Answer, datesOf, type Measured, valuesAt } from "./answer";
import { daysOfQuestion, intervalOf, type Question } from "./question";

export interface Row {
  key: string;
  group: readonly string[];
  /** "" where the row is of the whole range. */
  date: string;
  value: string | null;
  count: string | null;
  before: string | null;
  change: string | null;
}

export interface Table {
  groups: readonly string[];
  hasDates: boolean;
  hasCounts: boolean;
  compared: boolean;
  rows: readonly Row[];
}

export function tableOf(question: Question, answer: Answer): Table {
  const interval = intervalOf(question);
  const parts: { group: readonly string[]; now: Measured; before: Measured | null; change: string | null }[] =
    answer.groups.length > 0 || question.by.length > 0
      ? answer.groups.map((one) => ({ group: one.group, now: one, before: one.before, change: one.change }))
      : [{ group: [], now: answer.whole, before: answer.before, change: answer.before?.change ?? null }];
  const rows: Row[] = [];
  if (interval === null) {
    for (const { group, now, before, change } of parts)
      rows.push({
        key: JSON.stringify(group),
        group,
        date: "",
        value: now.total,
        count: now.count,
        before: before?.total ?? null,
        change,
      });
  } else {
    const dates = datesOf(
      daysOfQuestion(question),
      interval,
      parts.map(({ now }) => now),
    );
    const earlier = answer.before
      ? datesOf(
          answer.before.days,
          interval,
          parts.flatMap(({ before }) => before ?? []),
        )
      : [];
    for (const { group, now, before } of parts) {
      const values = valuesAt(dates, now);
      const old = before ? valuesAt(earlier, before) : [];
      dates.forEach((date, place) => {
        rows.push({
          key: `${date} ${JSON.stringify(group)}`,
          group,
          date,
          value: values[place] ?? null,
          count: null,
          before: old[place] ?? null,
          change: null,
        });
      });
    }
  }
  return {
    groups: question.view === "number" ? [] : question.by,
    hasDates: interval !== null,
    hasCounts: interval === null,
    compared: answer.before !== null,
    rows,
  };
}

/** Head and rows of the file; values as the server wrote them. */
export function csvOf(question: Question, answer: Answer): { head: string[]; rows: (string | null)[][] } {
  const table = tableOf(question, answer);
  const measure = question.metric === "count" ? question.metric : `${question.metric} ${question.property}`;
  return {
    head: [
      ...table.groups,
      ...(table.hasDates ? [explore.date] : []),
      measure,
      ...(table.hasCounts ? [explore.count] : []),
      ...(table.compared ? [explore.before] : []),
    ],
    rows: table.rows.map((row) => [
      ...row.group,
      ...(table.hasDates ? [row.date] : []),
      row.value,
      ...(table.hasCounts ? [row.count] : []),
      ...(table.compared ? [row.before] : []),
    ]),
  };
}
