/** The answer of GET /solinth/v1/metrics as rows and series. Values are the server's texts; charts alone take them as numbers. */

import { type Exact, type Json, listOf, objectOf, textOf } from "@/api/exact";
import type { Interval } from "@/format/times";
import { addDays, type Days, dayOf } from "@/format/times";

export interface Measured {
  /** Over the whole range; null where no event had a value. */
  total: string | null;
  /** Matching events; null beside a series, which has no count. */
  count: string | null;
  points: readonly { date: string; value: string | null }[];
}

export interface Compared extends Measured {
  /** First and last day. */
  days: Days;
  difference: string | null;
  /** As a share of the value before. */
  change: string | null;
}

export interface Sliced extends Measured {
  group: readonly string[];
  before: Measured | null;
  change: string | null;
}

export interface Answer {
  whole: Measured;
  before: Compared | null;
  groups: readonly Sliced[];
  totalGroups: number;
}

export function readAnswer(body: Exact, by: readonly string[], zone: string): Answer {
  const json = objectOf(body);
  const groups = listOf(json.groups).map((one): Sliced => {
    const given = objectOf(one);
    const names = objectOf(given.group);
    const before = given.compare === undefined ? null : objectOf(given.compare);
    return {
      ...measured(given),
      group: by.map((name) => textOf(names[name]) ?? ""),
      before: before && measured(before),
      change: before && textOf(before.change),
    };
  });
  const compared = json.compare === undefined ? null : objectOf(json.compare);
  return {
    whole: measured(json),
    before: compared && {
      ...measured(compared),
      days: comparedDays(compared, zone),
      difference: textOf(compared.difference),
      change: textOf(compared.change),
    },
    groups,
    totalGroups: Number(textOf(json.total_groups) ?? groups.length),
  };
}

/** `to` is the first instant that is not in the range any more. */
function comparedDays(compared: Json, zone: string): Days {
  const from = new Date(textOf(compared.from) ?? 0);
  const to = new Date(new Date(textOf(compared.to) ?? 0).getTime() - 1);
  return { from: dayOf(from, zone), to: dayOf(to, zone) };
}

function measured(json: Json): Measured {
  const points = listOf(json.data).map((one) => {
    const point = objectOf(one);
    return { date: textOf(point.date) ?? "", value: textOf(point.value) };
  });
  return { total: textOf(json.total) ?? textOf(json.value), count: textOf(json.count), points };
}

/** Every bucket of the range by its date, also those that the answer leaves out because nothing is in them. */
export function datesOf(days: Days, interval: Interval, measuredAll: readonly Measured[]): string[] {
  const known = new Set(measuredAll.flatMap(({ points }) => points.map(({ date }) => date)));
  if (interval === "hour") return [...known].sort((a, b) => Date.parse(a) - Date.parse(b));
  let date = firstOf(days.from, interval);
  while (date <= days.to) {
    known.add(date);
    date = nextOf(date, interval);
  }
  return [...known].sort();
}

/** The day with which the bucket of a day begins; weeks begin on Monday. */
function firstOf(day: string, interval: Interval): string {
  if (interval === "month") return `${day.slice(0, 8)}01`;
  if (interval === "week") return addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
  return day;
}

function nextOf(date: string, interval: Interval): string {
  if (interval === "month") return `${addDays(date, 31).slice(0, 8)}01`;
  return addDays(date, interval === "week" ? 7 : 1);
}

export function valuesAt(dates: readonly string[], { points }: Measured): (string | null)[] {
  const byDate = new Map(points.map(({ date, value }) => [date, value]));
  return dates.map((date) => byDate.get(date) ?? null);
}
