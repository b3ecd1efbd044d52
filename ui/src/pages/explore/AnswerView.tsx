/** The answer in the shape that was chosen. */
import { Group, Stack, Text } from "@mantine/core";
import type { RefObject } from "react";
import { formatDecimal, formatShare } from "@/format/numbers";
import { formatDay, isPartial, labelOf } from "@/format/times";
import type { ChartHandle } from "@/parts/charts/Chart";
import { PieChart } from "@/parts/charts/PieChart";
import { type Series, SeriesChart } from "@/parts/charts/SeriesChart";
import { type Column, DataTable } from "@/parts/DataTable";
import { Change, Figure } from "@/parts/Figure";
import { Empty } from "@/parts/states";
import { texts } from "@/texts";
import { explore } from "@/texts/explore";
import { type Answer, datesOf, type Measured, valuesAt } from "./answer";
import { daysOfQuestion, intervalOf, type Question, zoneOf } from "./question";
import { type Row, tableOf } from "./table";

export const HEIGHT = 340;

interface ViewProps {
  question: Question;
  answer: Answer;
  handle?: RefObject<ChartHandle | null>;
  /** Of what is drawn; a dashboard fits it into its widget. */
  height?: number;
}

export function AnswerView(props: ViewProps) {
  const { view } = props.question;
  if (view === "number") return <NumberView {...props} />;
  if (view === "table") return <TableView {...props} />;
  if (view === "pie") return <PieView {...props} />;
  return <SeriesView {...props} />;
}

const numberOf = (value: string | null) => (value === null ? null : Number(value));
const groupName = (group: readonly string[]) => group.map((one) => one || explore.emptyText).join(" · ");

export function shown(value: string | null): string {
  return value === null ? "–" : formatDecimal(value);
}

export function measureOf({ metric, property }: Question): string {
  return metric === "count" ? explore.events : `${explore.metrics[metric]}: ${property}`;
}

/** What the axis counts in. */
function unitOf({ metric, property }: Question): string {
  return metric === "count" ? explore.events : metric === "unique" ? explore.uniqueUnit(property) : property;
}

function NumberView({ question, answer: { whole, before }, height = HEIGHT / 2 }: ViewProps) {
  const days = before && daysText(before.days);
  return (
    <Stack justify="center" mih={height} gap="xs">
      <Figure
        size="lg"
        label={measureOf(question)}
        value={whole.total === null ? explore.noValue : shown(whole.total)}
        {...(before ? { change: numberOf(before.change), before: explore.comparedWith(days ?? "") } : {})}
      />
      {before && (
        <Text size="sm" className="soft figures">
          {explore.comparedWith(days ?? "")}: {shown(before.total)}
        </Text>
      )}
    </Stack>
  );
}

export function daysText({ from, to }: { from: string; to: string }): string {
  return from === to ? formatDay(from, "UTC") : `${formatDay(from, "UTC")} – ${formatDay(to, "UTC")}`;
}

function SeriesView(props: ViewProps) {
  const { question, answer, handle, height = HEIGHT } = props;
  const interval = intervalOf(question);
  const kind = question.view === "area" || question.view === "bar" ? question.view : "line";
  const name = measureOf(question);
  if (interval === null) return <GroupBars {...props} />;
  const days = daysOfQuestion(question);
  const parts: { name: string; now: Measured; before: Measured | null }[] =
    question.by.length > 0
      ? answer.groups.map((one) => ({ name: groupName(one.group), now: one, before: one.before }))
      : [{ name, now: answer.whole, before: answer.before }];
  const dates = datesOf(
    days,
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
  const values = (of: readonly string[], measured: Measured) =>
    dates.map((_, place) => numberOf(valuesAt(of, measured)[place] ?? null));
  // Of several groups the time before would be as many grey lines again, which nobody could tell apart.
  const compares = question.by.length === 0;
  const series: Series[] = parts.flatMap(({ name: of, now, before }) => [
    { name: of, values: values(dates, now) },
    ...(before && compares ? [{ name: texts.charts.before, values: values(earlier, before), compared: true }] : []),
  ]);
  if (series.length === 0) return <Empty title={explore.noData} hint={explore.noDataHint} height={height} />;
  return (
    <>
      <SeriesChart
        title={`${question.event}, ${name}`}
        labels={dates.map((date) => labelOf(date, interval))}
        series={series}
        kind={kind}
        stacked={kind !== "line" && !compares && isAdditive(question)}
        unit={unitOf(question)}
        height={height}
        partial={isPartial(days, zoneOf(question))}
        {...(handle ? { handle } : {})}
      />
      {answer.before && !compares && (
        <Text size="xs" className="soft">
          {explore.beforeInTable}
        </Text>
      )}
    </>
  );
}

/** Only what adds up may stand on one another. */
function isAdditive({ metric }: Question): boolean {
  return metric === "count" || metric === "sum";
}

/** Bars of groups over the whole range, the largest first; without groups the one bar of the range. */
function GroupBars({ question, answer, handle, height = HEIGHT }: ViewProps) {
  const name = measureOf(question);
  const { rows, compared } = tableOf(question, answer);
  const labels = rows.map((row) => groupName(row.group) || explore.total);
  const series: Series[] = [
    { name, values: rows.map((row) => numberOf(row.value)) },
    ...(compared
      ? [{ name: texts.charts.before, values: rows.map((row) => numberOf(row.before)), compared: true }]
      : []),
  ];
  if (rows.length === 0) return <Empty title={explore.noData} hint={explore.noDataHint} height={height} />;
  return (
    <SeriesChart
      title={`${question.event}, ${name}`}
      labels={labels}
      series={series}
      kind="bar"
      sideBySide
      unit={unitOf(question)}
      height={height}
      {...(handle ? { handle } : {})}
    />
  );
}

function PieView({ question, answer, handle, height = HEIGHT }: ViewProps) {
  const parts = answer.groups.map((one) => ({ name: groupName(one.group), value: numberOf(one.total) ?? 0 }));
  const positive = parts.filter(({ value }) => value > 0);
  if (positive.length === 0) return <Empty title={explore.noData} hint={explore.noDataHint} height={height} />;
  return (
    <>
      <PieChart
        title={`${question.event}, ${measureOf(question)}`}
        parts={positive}
        height={height}
        {...(handle ? { handle } : {})}
      />
      {positive.length < parts.length && (
        <Text size="xs" className="soft">
          {explore.negativePie}
        </Text>
      )}
    </>
  );
}

const MOST_ROWS = 1_000;

export function TableView({ question, answer, height = 520 }: Omit<ViewProps, "handle">) {
  const table = tableOf(question, answer);
  const interval = intervalOf(question);
  const largest = Math.max(...table.rows.map((row) => Math.abs(Number(row.value ?? 0))), 0);
  const columns: Column<Row>[] = [
    ...table.groups.map(
      (name, place): Column<Row> => ({
        id: `group ${place}`,
        title: name,
        cell: (row) => row.group[place] || explore.emptyText,
        by: (row) => row.group[place] ?? "",
      }),
    ),
    ...(table.hasDates && interval
      ? [
          {
            id: "date",
            title: explore.date,
            cell: (row: Row) => labelOf(row.date, interval),
            by: (row: Row) => row.date,
          },
        ]
      : []),
    {
      id: "value",
      title: measureOf(question),
      number: true,
      cell: (row) => shown(row.value),
      by: (row) => Number(row.value ?? Number.NEGATIVE_INFINITY),
      share: (row) => (largest > 0 ? Math.abs(Number(row.value ?? 0)) / largest : 0),
    },
    ...(table.hasCounts && question.metric !== "count"
      ? [
          {
            id: "count",
            title: explore.count,
            number: true,
            cell: (row: Row) => shown(row.count),
            by: (row: Row) => Number(row.count ?? 0),
          },
        ]
      : []),
    ...(table.compared
      ? [
          {
            id: "before",
            title: explore.before,
            number: true,
            cell: (row: Row) => shown(row.before),
            by: (row: Row) => Number(row.before ?? 0),
          },
        ]
      : []),
    ...(table.compared && !table.hasDates
      ? [
          {
            id: "change",
            title: explore.change,
            number: true,
            cell: (row: Row) => (
              <Group justify="flex-end">
                <Change change={numberOf(row.change)} />
              </Group>
            ),
            by: (row: Row) => Number(row.change ?? 0),
          },
        ]
      : []),
  ];
  if (table.rows.length === 0) return <Empty title={explore.noData} hint={explore.noDataHint} height={height / 2} />;
  return (
    <>
      <DataTable
        label={explore.numbers}
        columns={columns}
        rows={table.rows.slice(0, MOST_ROWS)}
        rowKey={(row) => row.key}
        minWidth={40 + 96 * columns.length}
        maxHeight={height}
      />
      {table.rows.length > MOST_ROWS && (
        <Text size="xs" className="soft" p="xs">
          {texts.shell.of(formatDecimal(String(MOST_ROWS)), formatDecimal(String(table.rows.length)))}
        </Text>
      )}
    </>
  );
}

/** The one line below the chart: the whole range in numbers. */
export function WholeRange({ question, answer }: Pick<ViewProps, "question" | "answer">) {
  const { whole, before } = answer;
  return (
    <Group gap="xl" align="flex-start">
      <Figure
        label={explore.total}
        value={whole.total === null ? explore.noValue : shown(whole.total)}
        {...(before ? { change: numberOf(before.change), before: explore.comparedWith(daysText(before.days)) } : {})}
      />
      {before && <Figure label={`${texts.charts.before}, ${daysText(before.days)}`} value={shown(before.total)} />}
      {question.metric !== "count" && whole.count !== null && (
        <Figure label={explore.count} value={shown(whole.count)} />
      )}
      {question.by.length > 0 && question.view !== "number" && answer.groups.length > 0 && isAdditive(question) && (
        <Figure
          label={explore.shareOf(groupName(answer.groups[0]?.group ?? []))}
          value={formatShare(shareOfFirst(answer))}
        />
      )}
    </Group>
  );
}

function shareOfFirst({ whole, groups }: Answer): number {
  const total = Number(whole.total ?? 0);
  return total === 0 ? 0 : Number(groups[0]?.total ?? 0) / total;
}
