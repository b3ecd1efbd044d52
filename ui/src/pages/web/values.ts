/** How the numbers of a website are written. */
import { formatDecimal, formatDuration, formatMoney, formatNumber, formatShare } from "@/format/numbers";
import { countryName } from "@/parts/charts/WorldMap";
import { web } from "@/texts/web";
import type { Dimension } from "./site";

const SHARES = new Set(["bounce_rate", "conversion_rate"]);
const MONEY = new Set(["revenue", "revenue_per_visitor"]);

export function shownMetric(metric: string, value: string | null | undefined, currency: string): string {
  if (value === null || value === undefined) return "–";
  if (SHARES.has(metric)) return formatShare(Number(value));
  if (metric === "visit_duration") return formatDuration(Number(value));
  if (metric === "revenue") return formatMoney(value, currency);
  if (MONEY.has(metric)) return formatMoney(Number(value).toFixed(2), currency);
  if (metric === "views_per_visit") return formatNumber(Number(value));
  return formatDecimal(value);
}

/** The unit of a chart's axis. */
export function unitOf(metric: string, currency: string): string {
  if (SHARES.has(metric)) return web.share;
  if (metric === "visit_duration") return web.seconds;
  if (MONEY.has(metric)) return currency;
  return web.metrics[metric as keyof typeof web.metrics] ?? "";
}

/** As a chart draws it: shares in percent. */
export function drawn(metric: string, value: string | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  return SHARES.has(metric) ? Number(value) * 100 : Number(value);
}

export function shownValue(dimension: Dimension, value: string): string {
  if (value === "") return web.unknown;
  return dimension === "country" ? countryName(value) : value;
}
