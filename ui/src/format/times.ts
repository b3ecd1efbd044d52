/** How times are written, and named ranges of days. Times from the server are ISO 8601 in UTC; people read them in a zone. */
import { texts } from "@/texts";

const LOCALE = "en-GB";

/** The zone of the browser, as IANA names it. */
export const BROWSER_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function knownZones(): string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
}

/** 23 Nov 2026, 14:05. */
export function formatTime(iso: string, zone = BROWSER_ZONE): string {
  return new Date(iso).toLocaleString(LOCALE, {
    timeZone: zone,
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** 23 Nov 2026. */
export function formatDay(iso: string, zone = BROWSER_ZONE): string {
  return new Date(iso).toLocaleDateString(LOCALE, { timeZone: zone, day: "numeric", month: "short", year: "numeric" });
}

/** 14:05:09.123, for the live view. */
export function formatClock(iso: string, zone = BROWSER_ZONE): string {
  return new Date(iso).toLocaleTimeString(LOCALE, {
    timeZone: zone,
    hour12: false,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  });
}

/** "just now", "4 min ago", "in 3 days". */
export function formatAgo(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 10) return texts.units.justNow;
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
  if (size < 90) return relative.format(Math.round(seconds), "second");
  if (size < 5400) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 129_600) return relative.format(Math.round(seconds / 3600), "hour");
  if (size < 5_184_000) return relative.format(Math.round(seconds / 86_400), "day");
  return relative.format(Math.round(seconds / 2_629_746), "month");
}

/** The calendar day of an instant in a zone: 2026-11-23. */
export function dayOf(instant: Date, zone: string): string {
  return instant.toLocaleDateString("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
}

/** The day that many days later (or earlier): by the calendar, so no clock change moves it. */
export function addDays(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** First and last day, both included. */
export interface Days {
  from: string;
  to: string;
}

/** What ranges are called in links. "custom" has its days beside it. */
export const RANGES = ["today", "yesterday", "7d", "30d", "90d", "12m", "month", "last-month", "custom"] as const;
export type RangeName = (typeof RANGES)[number];

/** What widgets call them, which the server resolves anew at each question; a range of certain days has no such name. */
export const PERIOD_OF: Partial<Record<RangeName, string>> = {
  today: "today",
  yesterday: "yesterday",
  "7d": "7d",
  "30d": "30d",
  "90d": "90d",
  month: "month",
  "last-month": "last_month",
  "12m": "12mo",
};

/** The days of a named range, as they are now in the zone; a range ends today. Custom: from and to as given. */
export function daysOf(range: RangeName, zone: string, custom?: Partial<Days>, now = new Date()): Days {
  const today = dayOf(now, zone);
  switch (range) {
    case "today":
      return { from: today, to: today };
    case "yesterday":
      return { from: addDays(today, -1), to: addDays(today, -1) };
    case "7d":
      return { from: addDays(today, -6), to: today };
    case "90d":
      return { from: addDays(today, -89), to: today };
    case "12m":
      return { from: addDays(today, -364), to: today };
    case "month":
      return { from: `${today.slice(0, 8)}01`, to: today };
    case "last-month": {
      const last = addDays(`${today.slice(0, 8)}01`, -1);
      return { from: `${last.slice(0, 8)}01`, to: last };
    }
    case "custom":
      return { from: custom?.from || addDays(today, -29), to: custom?.to || today };
    default:
      return { from: addDays(today, -29), to: today };
  }
}

/** How many days, both ends included. */
export function lengthOf({ from, to }: Days): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000) + 1;
}

/** The buckets that answers are in. */
export const BUCKETS = ["hour", "day", "week", "month"] as const;
export type Interval = (typeof BUCKETS)[number];

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A bucket's date for people: as its zone has it, which the server has already decided. */
export function labelOf(date: string, interval: Interval): string {
  const [year = "", month = "", day = ""] = date.slice(0, 10).split("-");
  const name = MONTHS[Number(month) - 1] ?? month;
  if (interval === "month") return `${name} ${year}`;
  if (interval === "hour") return `${Number(day)} ${name}, ${date.slice(11, 16)}`;
  return `${Number(day)} ${name}`;
}

/** First and last day of a bucket by the day with which it begins; a month may be written 2026-11. */
export function daysOfBucket(date: string, interval: Interval): Days {
  const from = interval === "month" ? `${date.slice(0, 7)}-01` : date.slice(0, 10);
  if (interval === "week") return { from, to: addDays(from, 6) };
  if (interval !== "month") return { from, to: from };
  return { from, to: addDays(`${addDays(from, 31).slice(0, 8)}01`, -1) };
}

/** Whether the bucket is not over yet. */
export function isPartial(days: Days, zone: string, now = new Date()): boolean {
  return days.to >= dayOf(now, zone);
}
