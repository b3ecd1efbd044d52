/** What the metering pages ask, and how a meter is read. */
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import type { Days } from "@/format/times";
import { addDays, dayOf } from "@/format/times";
import { useProject } from "@/state/session";
import { metering } from "@/texts/metering";

export type MeterType = keyof typeof metering.meters.types;
export const TYPES = Object.keys(metering.meters.types) as MeterType[];
export type Window = keyof typeof metering.meter.windows;
export const WINDOWS = Object.keys(metering.meter.windows) as Window[];

const MOST = 1000;

/** Names in the cache; what changes meters or limits forgets them. */
export const METERS = "meters";
export const LIMITS = "limits";
export const CUSTOMERS = "customers";

export function useFeatures() {
  const project = useProject();
  return useAsk([METERS, project.id, "features"], (signal) =>
    ask(api.GET("/flexprice/v1/features", { params: { query: { limit: MOST } }, signal })),
  );
}

export const STATUSES = ["published", "archived"] as const;
export type Status = (typeof STATUSES)[number];

export function useMeters(status: Status = "published") {
  const project = useProject();
  return useAsk([METERS, project.id, "meters", status], (signal) =>
    ask(api.GET("/flexprice/v1/meters", { params: { query: { limit: MOST, status } }, signal })),
  );
}

export function useMeter(id: string) {
  const project = useProject();
  return useAsk([METERS, project.id, "meter", id], (signal) =>
    ask(api.GET("/flexprice/v1/meters/{id}", { params: { path: { id } }, signal })),
  );
}

export type Meter = NonNullable<ReturnType<typeof useMeters>["data"]>["items"][number];
export type Feature = NonNullable<ReturnType<typeof useFeatures>["data"]>["items"][number];

export function countsOf({ aggregation }: Pick<Meter, "aggregation">): string {
  const name = metering.meters.types[aggregation.type as MeterType];
  return metering.meters.of(name, aggregation.expression || aggregation.field || "");
}

export function filtersOf({ filters }: Pick<Meter, "filters">): string {
  return (filters ?? []).map(({ key, values }) => `${key}: ${values.join(", ")}`).join("; ");
}

interface Usage {
  meter: string;
  days: Days;
  zone: string;
  window?: Window | undefined;
  customer?: string | undefined;
  groupBy?: string | undefined;
}

/** Usage of a meter as exact decimals. The last day is included: the range ends with the midnight after it, as the zone sees it. */
export function useUsage({ meter, days, zone, window, customer, groupBy }: Usage, when = true) {
  const project = useProject();
  const body = {
    meter_id: meter,
    ...usageDays(days, zone),
    timezone: zone,
    ...(window ? { window_size: window } : {}),
    ...(customer ? { external_customer_id: customer } : {}),
    ...(groupBy ? { group_by: [`properties.${groupBy}`] } : {}),
  };
  return useAsk(
    ["usage", project.id, body],
    async (signal) => {
      const { points = [], ...rest } = await ask(api.POST("/flexprice/v1/meter-usage/query", { body, signal }));
      return { ...rest, points };
    },
    { when },
  );
}

/** Days as the routes of usage take them: from the first midnight to the one after the last day. */
export function usageDays(days: Days, zone: string) {
  return { start_time: instantOf(days.from, zone), end_time: instantOf(addDays(days.to, 1), zone) };
}

/** The instant with which a day begins in a zone. */
export function instantOf(day: string, zone: string): string {
  const guess = Date.parse(`${day}T00:00:00Z`);
  for (let minutes = -14 * 60; minutes <= 14 * 60; minutes += 15) {
    const at = new Date(guess + minutes * 60_000);
    if (dayOf(at, zone) === day && dayOf(new Date(at.getTime() - 1), zone) !== day) return at.toISOString();
  }
  return new Date(guess).toISOString();
}

/** Of texts that are exact decimals, the share of one in the other; for drawing alone. */
export function shareOf(used: string | null | undefined, limit: string | null | undefined): number | null {
  if (!used || !limit || Number(limit) === 0) return null;
  return Number(used) / Number(limit);
}
