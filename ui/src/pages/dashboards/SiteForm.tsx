/** The query of a widget about a website. */
import { MultiSelect, Select, SimpleGrid, Stack } from "@mantine/core";
import { useEffect } from "react";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { dimensionName, metricName, SITE_METRICS } from "@/format/site";
import { useProject } from "@/state/session";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import { web } from "@/texts/web";
import type { WidgetQuery } from "./dashboards";
import { filtersOf, SiteFilters } from "./SiteFilters";

const { editor } = dashboards;

export const VIEWS = ["metrics", "series", "breakdown", "retention", "attribution"] as const;
type View = (typeof VIEWS)[number];
const DIMENSIONS = Object.keys(web.filterNames);
const DRAWINGS: Record<View, readonly (keyof typeof editor.drawings)[]> = {
  metrics: ["number"],
  series: ["line", "area", "bar"],
  breakdown: ["table", "bar", "pie", "map"],
  retention: ["table"],
  attribution: ["table", "bar"],
};
export const PERIODS = [
  "today",
  "yesterday",
  "7d",
  "30d",
  "90d",
  "month",
  "last_month",
  "12mo",
  "year",
  "all",
] as const;
const MODELS = ["last_touch", "first_touch", "linear"] as const;
const COMPARES = ["none", "previous_period", "previous_year"] as const;

export const newSiteView: WidgetQuery = { view: "series", metrics: "visitors", period: "30d", draw: "area" };

export function useWebsites() {
  const project = useProject().id;
  return useAsk([project, "websites"], (signal) => ask(api.GET("/thebizness/api/websites", { signal })));
}

/** Choosing a website, the only one at once. */
export function WebsiteSelect({ value, onPick }: { value: unknown; onPick: (id: string) => void }) {
  const websites = useWebsites().data?.websites ?? [];
  const only = websites[0]?.id;
  useEffect(() => {
    if (!value && only) onPick(only);
  });
  return (
    <Select
      label={editor.website}
      placeholder={editor.websitePlaceholder}
      data={websites.map((one) => ({ value: one.id, label: one.name || one.domain }))}
      value={typeof value === "string" ? value : null}
      allowDeselect={false}
      required
      onChange={(id) => id && onPick(id)}
    />
  );
}

export function siteTitle(query: WidgetQuery): string {
  const view = VIEWS.find((one) => one === query.view) ?? "metrics";
  if (view === "retention" || view === "attribution") return editor.views[view];
  const metric = metricName(String(query.metrics ?? "visitors").split(",")[0] ?? "");
  return view === "breakdown" ? editor.by(metric, dimensionName(String(query.group_by))) : metric;
}

export function SiteForm({ query, onChange }: { query: WidgetQuery; onChange: (query: WidgetQuery) => void }) {
  const view = VIEWS.find((one) => one === query.view) ?? "metrics";
  const set = (given: WidgetQuery) =>
    onChange(Object.fromEntries(Object.entries({ ...query, ...given }).filter(([, value]) => value !== undefined)));
  const metrics = String(query.metrics ?? query.metric ?? "visitors").split(",");
  const kept = query.filters === undefined ? {} : { filters: query.filters };
  const site = { website_id: query.website_id, period: query.period ?? "30d", ...kept };
  const fresh: Record<View, WidgetQuery> = {
    metrics: { metrics: "visitors,visits,page_views,bounce_rate", compare: "previous_period" },
    series: { metrics: "visitors" },
    breakdown: { metrics: "visitors", group_by: "country", limit: 10 },
    retention: { interval: "week" },
    attribution: { model: "last_touch", dimension: "channel" },
  };
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
        <WebsiteSelect value={query.website_id} onPick={(website_id) => set({ website_id })} />
        <Select
          label={editor.view}
          data={VIEWS.map((value) => ({ value, label: editor.views[value] }))}
          value={view}
          allowDeselect={false}
          onChange={(value) => {
            const next = VIEWS.find((one) => one === value) ?? "metrics";
            onChange({ ...site, view: next, draw: DRAWINGS[next][0], ...fresh[next] });
          }}
        />
        {view === "metrics" || view === "series" ? (
          <MultiSelect
            label={editor.metrics}
            data={SITE_METRICS.map((value) => ({ value, label: metricName(value) }))}
            value={metrics}
            maxValues={view === "series" ? 3 : 12}
            onChange={(chosen) => chosen.length && set({ metrics: chosen.join(","), metric: undefined })}
          />
        ) : (
          view === "breakdown" && (
            <Select
              label={editor.metric}
              data={SITE_METRICS.map((value) => ({ value, label: metricName(value) }))}
              value={metrics[0] ?? "visitors"}
              allowDeselect={false}
              onChange={(chosen) => chosen && set({ metrics: chosen, metric: undefined })}
            />
          )
        )}
        {(view === "breakdown" || view === "attribution") && (
          <Select
            label={editor.dimension}
            data={DIMENSIONS.filter((one) => view === "breakdown" || (one !== "page" && one !== "event_name")).map(
              (value) => ({ value, label: dimensionName(value) }),
            )}
            value={String((view === "breakdown" ? [query.group_by].flat()[0] : query.dimension) ?? "channel")}
            allowDeselect={false}
            searchable
            onChange={(chosen) => {
              if (!chosen) return;
              if (view === "attribution") set({ dimension: chosen });
              else
                set({ group_by: chosen, ...(query.draw === "map" && chosen !== "country" ? { draw: "table" } : {}) });
            }}
          />
        )}
        {view === "attribution" && (
          <Select
            label={editor.model}
            data={MODELS.map((value) => ({ value, label: editor.models[value] }))}
            value={String(query.model ?? "last_touch")}
            allowDeselect={false}
            onChange={(chosen) => chosen && set({ model: chosen })}
          />
        )}
        {(view === "series" || view === "retention") && (
          <Select
            label={editor.interval}
            data={(view === "series"
              ? (["hour", "day", "week", "month"] as const)
              : (["day", "week", "month"] as const)
            ).map((value) => ({ value, label: editor.intervals[value] }))}
            value={String(query.interval ?? (view === "series" ? "day" : "week"))}
            allowDeselect={false}
            onChange={(chosen) => chosen && set({ interval: chosen })}
          />
        )}
        {(view === "metrics" || view === "series") && (
          <Select
            label={editor.compare}
            data={COMPARES.map((value) => ({ value, label: editor.compares[value] }))}
            value={String(query.compare ?? "none")}
            allowDeselect={false}
            onChange={(chosen) => set({ compare: chosen === "none" ? undefined : chosen })}
          />
        )}
        <PeriodSelect
          value={query.period}
          onPick={(period) => set({ period, start_date: undefined, end_date: undefined })}
        />
        {DRAWINGS[view].length > 1 && (
          <Select
            label={editor.draw}
            data={DRAWINGS[view]
              .filter((one) => one !== "map" || query.group_by === "country")
              .map((value) => ({ value, label: editor.drawings[value] }))}
            value={String(query.draw ?? DRAWINGS[view][0])}
            allowDeselect={false}
            onChange={(draw) => draw && set({ draw })}
          />
        )}
      </SimpleGrid>
      <SiteFilters
        filters={filtersOf(query.filters)}
        onChange={(filters) => set({ filters: filters.length > 0 ? filters : undefined })}
      />
    </Stack>
  );
}

export function PeriodSelect({ value, onPick }: { value: unknown; onPick: (period: string) => void }) {
  return (
    <Select
      label={texts.ranges.label}
      data={PERIODS.map((one) => ({ value: one, label: editor.periods[one] }))}
      value={PERIODS.find((one) => one === value) ?? "30d"}
      allowDeselect={false}
      onChange={(period) => period && onPick(period)}
    />
  );
}
