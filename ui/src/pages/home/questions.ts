/** What the overview asks. Everything comes from the routes that the rooms themselves ask. */
import { api, ask } from "@/api/client";
import { askText, type Exact, parseExact } from "@/api/exact";
import { useAsk } from "@/api/queries";
import { addDays, dayOf } from "@/format/times";
import { useProject } from "@/state/session";

export const DAYS = 30;
const NEWS_MS = 15_000;
const LIMITS_LOOKED_AT = 20;

export interface Daily {
  /** The last 30 days, the last one not over yet. */
  days: readonly string[];
  now: readonly number[];
  before: readonly number[];
}

/** All events by the day on which they happened, and those of the 30 days before. */
export function useDaily() {
  const project = useProject();
  const today = dayOf(new Date(), "UTC");
  const first = addDays(today, 1 - 2 * DAYS);
  return useAsk(
    [project.id, "home", "daily", today],
    async (signal): Promise<Daily> => {
      const query = {
        start_time: `${first}T00:00:00Z`,
        end_time: `${addDays(today, 1)}T00:00:00Z`,
        window_size: "DAY" as const,
      };
      const { points } = await ask(api.GET("/flexprice/v1/events/monitoring", { params: { query }, signal }));
      const counts = new Map(points.map((point) => [point.timestamp?.slice(0, 10), point.event_count ?? 0]));
      const all = Array.from({ length: 2 * DAYS }, (_, place) => addDays(first, place));
      const values = all.map((day) => counts.get(day) ?? 0);
      return { days: all.slice(DAYS), now: values.slice(DAYS), before: values.slice(0, DAYS) };
    },
    { every: 4 * NEWS_MS },
  );
}

export function useNewest(count: number) {
  const project = useProject();
  return useAsk(
    [project.id, "home", "newest"],
    (signal) => ask(api.GET("/flexprice/v1/events", { params: { query: { page_size: count } }, signal })),
    { every: NEWS_MS },
  );
}

/** The first website, and how many there are. */
export function useWebsites() {
  const project = useProject();
  return useAsk([project.id, "home", "websites"], (signal) =>
    ask(api.GET("/thebizness/api/websites", { params: { query: { limit: 1 } }, signal })),
  );
}

export function useVisitors(website: string) {
  const project = useProject();
  return useAsk([project.id, "home", "visitors", website], (signal) =>
    ask(
      api.GET("/thebizness/api/analytics", {
        params: {
          query: {
            website_id: website,
            period: "30d",
            interval: "day",
            metrics: "visitors,visits,page_views,bounce_rate",
            compare: "previous_period",
          },
        },
        signal,
      }),
    ),
  );
}

export interface Used {
  id: string;
  name: string;
  event: string;
  /** An exact decimal. */
  value: string;
}

/** Usage of the newest meters since the month began. */
export function useMonthOfMeters(count: number) {
  const project = useProject();
  return useAsk([project.id, "home", "meters"], async (signal): Promise<Used[]> => {
    const meters = await ask(api.GET("/flexprice/v1/meters", { params: { query: { limit: count } }, signal }));
    const start = `${dayOf(new Date(), "UTC").slice(0, 8)}01T00:00:00Z`;
    return Promise.all(
      meters.items.map(async ({ id, name, event_name }) => {
        const body = { meter_id: id, start_time: start };
        const { total_value } = await ask(api.POST("/flexprice/v1/meter-usage/query", { body, signal }));
        return { id, name, event: event_name, value: total_value };
      }),
    );
  });
}

export interface Near {
  id: string;
  customer: string;
  feature: string;
  used: string;
  limit: string;
  /** 0 to 1 and beyond. */
  share: number;
}

export interface Limits {
  /** Closest first. */
  near: readonly Near[];
  lookedAt: number;
  all: number;
}

/** The newest limits, each with what is used of it now. */
export function useLimits(when: boolean) {
  const project = useProject();
  return useAsk(
    [project.id, "home", "limits"],
    async (signal): Promise<Limits> => {
      const query = { limit: LIMITS_LOOKED_AT };
      const [limits, customers, features] = await Promise.all([
        ask(api.GET("/flexprice/v1/entitlements", { params: { query }, signal })),
        namesOf("/flexprice/v1/customers", signal),
        namesOf("/flexprice/v1/features", signal),
      ]);
      const near = await Promise.all(
        limits.items.map(async ({ id, customer_id, feature_id }): Promise<Near | null> => {
          const customer = customers.get(customer_id);
          if (!customer) return null;
          const body = { external_customer_id: customer.external, feature: feature_id, units: "0" };
          const { usage, hard_limit, soft_limit } = await ask(
            api.POST("/flexprice/v1/entitlements/check", { body, signal }),
          );
          const limit = hard_limit ?? soft_limit;
          if (usage === null || limit === null || Number(limit) === 0) return null;
          const share = Number(usage) / Number(limit);
          const feature = features.get(feature_id)?.name ?? feature_id;
          return { id, customer: customer.name, feature, used: usage, limit, share };
        }),
      );
      const known = near.filter((one) => one !== null);
      return {
        near: known.sort((a, b) => b.share - a.share),
        lookedAt: limits.items.length,
        all: limits.pagination.total,
      };
    },
    { when, every: 4 * NEWS_MS },
  );
}

/** Names of customers or features by id. */
async function namesOf(path: string, signal: AbortSignal): Promise<Map<string, { name: string; external: string }>> {
  const body = parseExact(await askText(path, [["limit", "1000"]], signal)) as { items: { [name: string]: Exact }[] };
  return new Map(
    body.items.map((one) => {
      const external = String(one.external_id ?? "");
      return [String(one.id), { name: String(one.name || external), external }];
    }),
  );
}
