/** A question of Explore: how it stands in the link, and the parameters of GET /solinth/v1/metrics that ask it. */
import { BROWSER_ZONE, BUCKETS, type Days, type Interval, lengthOf } from "@/format/times";
import { daysOfValues, rangeFields } from "@/parts/RangePicker";
import { choice, type Field, list, text, type Values } from "@/state/url";

export const METRICS = ["count", "sum", "avg", "min", "max", "unique", "median", "p90", "p95", "p99"] as const;
export const INTERVALS = ["auto", ...BUCKETS, "none"] as const;
export const COMPARES = ["none", "previous_period", "previous_year"] as const;
export const VIEWS = ["line", "area", "bar", "pie", "number", "table"] as const;
export const TEXT_OPERATORS = ["is", "is_not", "contains", "matches"] as const;
export const NUMBER_OPERATORS = ["gt", "gte", "lt", "lte"] as const;
export const OPERATORS = [...TEXT_OPERATORS, ...NUMBER_OPERATORS] as const;
export const LIMITS = ["5", "10", "25", "50", "100"] as const;
export const MOST_GROUPS = 3;

export type Operator = (typeof OPERATORS)[number];
export type View = (typeof VIEWS)[number];

export interface PropertyFilter {
  property: string;
  operator: Operator;
  values: string[];
}

/** Filters as JSON lists, ["plan","is","pro","team"], one for each parameter: any text may be in them. */
const filters: Field<PropertyFilter[]> = {
  read: (given) => given.flatMap((one) => readFilter(one) ?? []),
  write: (value) => value.map(({ property, operator, values }) => JSON.stringify([property, operator, ...values])),
};

function readFilter(written: string): PropertyFilter | null {
  try {
    const parts: unknown = JSON.parse(written);
    if (!Array.isArray(parts) || parts.length < 3 || !parts.every((part) => typeof part === "string")) return null;
    const [property, operator, ...values] = parts as string[];
    const known = OPERATORS.find((one) => one === operator);
    return property === undefined || known === undefined ? null : { property, operator: known, values };
  } catch {
    return null;
  }
}

export const questionFields = {
  event: text(),
  metric: choice(METRICS, "count"),
  property: text(),
  filter: filters,
  by: list(),
  limit: choice(LIMITS, "10"),
  interval: choice(INTERVALS, "auto"),
  zone: text(),
  compare: choice(COMPARES, "none"),
  view: choice(VIEWS, "line"),
  ...rangeFields,
};

export type Question = Values<typeof questionFields>;

export function zoneOf(question: Question): string {
  return question.zone || BROWSER_ZONE;
}

export function daysOfQuestion(question: Question): Days {
  return daysOfValues(question, zoneOf(question));
}

/** The interval that is asked for; null: the whole range as one. */
export function intervalOf(question: Question): Interval | null {
  const { view, interval, by } = question;
  if (view === "number" || view === "pie") return null;
  const overTime = view === "line" || view === "area";
  if (interval === "none" && !overTime) return null;
  if (interval !== "auto" && interval !== "none") return interval;
  if (!overTime && by.length > 0) return null;
  const days = lengthOf(daysOfQuestion(question));
  return days <= 2 ? "hour" : days <= 92 ? "day" : days <= 400 ? "week" : "month";
}

/** What is still to be chosen before it can be asked. */
export function missingOf(question: Question): "event" | "property" | "group" | null {
  if (question.event === "") return "event";
  if (question.metric !== "count" && question.property === "") return "property";
  if (question.view === "pie" && question.by.length === 0) return "group";
  return null;
}

export type Parameters = (readonly [string, string])[];

/** As the server's document has them. The range is written as days, so that the same parameters ask the same later. */
export function parametersOf(question: Question): Parameters {
  const out: Parameters = [["event", question.event]];
  if (question.metric !== "count") out.push(["metric", question.metric], ["property", question.property]);
  const days = daysOfQuestion(question);
  out.push(["from", days.from], ["to", days.to], ["timezone", zoneOf(question)]);
  const interval = intervalOf(question);
  if (interval) out.push(["interval", interval]);
  if (question.view !== "number") out.push(...groupParameters(question));
  if (question.filter.length > 0) out.push(["filters", JSON.stringify(writtenFilters(question.filter))]);
  if (question.compare !== "none") out.push(["compare", question.compare]);
  return out;
}

function groupParameters({ by, limit }: Question): Parameters {
  if (by.length === 0) return [];
  const names: Parameters = by.map((name) => ["group_by", name] as const);
  // A single name that has a comma would be read as several; beside an empty one it stands for itself.
  if (by.length === 1 && by[0]?.includes(",")) names.push(["group_by", ""]);
  return [...names, ["limit", limit]];
}

export function writtenFilters(
  all: readonly PropertyFilter[],
): { property: string; operator: Operator; value: string | string[] }[] {
  return all.map(({ property, operator, values }) => ({
    property,
    operator,
    value: isNumberOperator(operator) ? (values[0] ?? "0") : values,
  }));
}

export function isNumberOperator(operator: Operator): boolean {
  return (NUMBER_OPERATORS as readonly string[]).includes(operator);
}

/** The kind of widget that shows the question as it is shown here; null where no widget can. */
export function widgetTypeOf(question: Question): "line" | "area" | "bar" | "pie" | "metric" | "table" | null {
  if (question.view === "number") return "metric";
  if (question.view === "bar" && intervalOf(question) === null && question.by.length === 0) return null;
  return question.view;
}

/** The same question as the query of a dashboard's widget: its range is the dashboard's. */
export function widgetQueryOf(question: Question): Record<string, unknown> {
  const interval = intervalOf(question);
  return {
    event: question.event,
    ...(question.metric === "count" ? {} : { metric: question.metric, property: question.property }),
    ...(interval ? { interval } : {}),
    timezone: zoneOf(question),
    ...(question.by.length > 0 && question.view !== "number"
      ? { group_by: question.by, limit: Number(question.limit) }
      : {}),
    ...(question.filter.length > 0 ? { filters: writtenFilters(question.filter) } : {}),
    ...(question.compare === "none" ? {} : { compare: question.compare }),
  };
}
