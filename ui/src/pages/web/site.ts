/** What the page of a website asks, and how the question stands in the link. Numbers stay the server's texts: revenue is exact. */
import { askText, type Exact, parseExact } from "@/api/exact";
import { useAsk } from "@/api/queries";
import type { Dimension } from "@/format/site";
import { PERIOD_OF } from "@/format/times";
import { daysOfValues, rangeFields } from "@/parts/RangePicker";
import { useProject } from "@/state/session";
import { choice, type Field, text, type Values } from "@/state/url";
import { web } from "@/texts/web";

export const METRICS = [
  "visitors",
  "visits",
  "page_views",
  "bounce_rate",
  "visit_duration",
  "conversions",
  "conversion_rate",
  "revenue",
] as const;
export type Metric = (typeof METRICS)[number];

export const SOURCES = ["channel", "referrer", "utm_campaign", "utm_source", "utm_medium"] as const;
export const PAGES = ["page", "entry_page", "exit_page", "hostname"] as const;
export const PLACES = ["country", "region", "city", "language"] as const;
export const DEVICES = ["device", "browser", "os"] as const;

export interface SiteFilter {
  dimension: Dimension;
  value: string;
}

/** ["country","DE"], one for each parameter. */
const filters: Field<SiteFilter[]> = {
  read: (given) => given.flatMap(readFilter),
  write: (value) => value.map(({ dimension, value: one }) => JSON.stringify([dimension, one])),
};

function readFilter(written: string): SiteFilter[] {
  try {
    const [dimension, value] = JSON.parse(written) as unknown[];
    return typeof dimension === "string" && dimension in web.dimensions && typeof value === "string"
      ? [{ dimension: dimension as Dimension, value }]
      : [];
  } catch {
    return [];
  }
}

export interface Step {
  kind: "page" | "event";
  value: string;
}

const steps: Field<Step[]> = {
  read: (given) =>
    given.flatMap((one): Step[] => {
      const [kind, ...rest] = one.split(":");
      return kind === "page" || kind === "event" ? [{ kind, value: rest.join(":") }] : [];
    }),
  write: (value) => value.map(({ kind, value: one }) => `${kind}:${one}`),
};

export const siteFields = {
  metric: choice(METRICS, "visitors"),
  compare: choice(["previous_period", "previous_year", "none"], "previous_period"),
  filter: filters,
  sources: choice(SOURCES, "channel"),
  pages: choice(PAGES, "page"),
  places: choice(PLACES, "country"),
  devices: choice(DEVICES, "device"),
  model: choice(["last_touch", "first_touch", "linear"], "last_touch"),
  by: choice(["channel", "referrer", "utm_campaign", "country", "entry_page"], "channel"),
  cohorts: choice(["week", "day", "month"], "week"),
  step: steps,
  zone: text(),
  ...rangeFields,
};

export type SiteView = Values<typeof siteFields>;

export interface Site {
  id: string;
  domain: string;
  name: string;
  timezone: string;
  currency: string;
}

type Json = { [name: string]: Exact };
export type Numbers = Record<string, string | null>;

export interface SiteAnswer {
  metrics: Numbers;
  data: ({ date: string } & Numbers)[];
  currency: string;
  interval: string;
  compare?: { metrics: Numbers; data: ({ date: string } & Numbers)[] };
  breakdowns?: Record<string, { rows: ({ value: string } & Numbers)[]; total: string }>;
  revenue?: {
    by_currency: { currency: string; amount: string }[];
    unconverted: { currency: string; amount: string }[];
  };
}

type Parameters = [string, string][];

/** What every question of the page has: the website, its range, and the filters. */
export function selection(site: Site, view: SiteView): Parameters {
  const days = daysOfValues(view, site.timezone);
  const out: Parameters = [
    ["website_id", site.id],
    ["start_date", days.from],
    ["end_date", days.to],
  ];
  if (view.filter.length > 0)
    out.push([
      "filters",
      JSON.stringify(view.filter.map(({ dimension, value }) => ({ dimension, operator: "is", value }))),
    ]);
  return out;
}

/** The chart of the page as a widget of a dashboard has it: named ranges stay named, and move on with time. */
export function widgetOf(site: Site, view: SiteView): Record<string, unknown> {
  const asked = Object.fromEntries(selection(site, view));
  const { filters: chosen, start_date, end_date, website_id } = asked;
  const period = PERIOD_OF[view.range];
  return {
    website_id,
    view: "series",
    metrics: view.metric,
    draw: "area",
    ...(period ? { period } : { start_date, end_date }),
    ...(view.compare === "none" ? {} : { compare: view.compare }),
    ...(chosen === undefined ? {} : { filters: JSON.parse(chosen) as unknown }),
  };
}

/** An answer below /thebizness/api/analytics. T: its shape, numbers as texts. */
export function useSiteAnswer<T = SiteAnswer>(what: string, parameters: Parameters, when = true) {
  const project = useProject();
  return useAsk<T>(
    ["web", project.id, what, parameters],
    async (signal) => parseExact(await askText(`/thebizness/api/analytics${what}`, parameters, signal)) as unknown as T,
    { when },
  );
}

export function numberOf(value: string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** From the breakdown, whose name the server may have written otherwise. */
export function rowsOf(answer: SiteAnswer): ({ value: string } & Numbers)[] {
  return Object.values(answer.breakdowns ?? {})[0]?.rows ?? [];
}

export type { Json };
