/** Names and numbers of a website, as people read them: on its page and in the widgets of dashboards. */
import { formatDecimal, formatDuration, formatMoney, formatShare, roundDecimal } from "@/format/numbers";
import { web } from "@/texts/web";

export type SiteMetric = keyof typeof web.metrics;
export const SITE_METRICS = Object.keys(web.metrics) as SiteMetric[];
export type Dimension = keyof typeof web.dimensions;

const SHARES: readonly string[] = ["bounce_rate", "conversion_rate"];
const MONEY: readonly string[] = ["revenue", "revenue_per_visitor"];

export function metricName(metric: string): string {
  return SITE_METRICS.includes(metric as SiteMetric) ? web.metrics[metric as SiteMetric] : metric;
}

/** Shares in per cent, durations in minutes, money with its currency and never through a float. */
export function formatMetric(metric: string, value: string | null | undefined, currency: string): string {
  if (value === null || value === undefined) return "–";
  if (SHARES.includes(metric)) return formatShare(Number(value));
  if (metric === "visit_duration") return formatDuration(Number(value));
  if (metric === "revenue") return formatMoney(value, currency);
  if (metric === "revenue_per_visitor") return formatMoney(roundDecimal(value, 2), currency);
  return formatDecimal(metric === "views_per_visit" ? roundDecimal(value, 2) : value);
}

/** The unit of a chart's axis. */
export function unitOf(metric: string, currency: string): string {
  if (SHARES.includes(metric)) return web.share;
  if (metric === "visit_duration") return web.seconds;
  return MONEY.includes(metric) ? currency : metricName(metric);
}

/** As a chart draws it: shares in per cent. */
export function drawnMetric(metric: string, value: string | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  return SHARES.includes(metric) ? Number(value) * 100 : Number(value);
}

/** One of them: "Country". A property stands for itself. */
export function dimensionName(dimension: string): string {
  const names: Record<string, string> = web.filterNames;
  return names[dimension] ?? dimension.replace(/^property:/, "");
}

export function valueName(dimension: string, value: string): string {
  if (value === "") return web.unknown;
  return dimension === "country" ? countryName(value) : value;
}

/** The English name of an ISO 3166 alpha-2 code. */
export function countryName(code: string): string {
  try {
    return new Intl.DisplayNames(["en"], { type: "region" }).of(code.toUpperCase()) ?? code;
  } catch {
    return code;
  }
}
