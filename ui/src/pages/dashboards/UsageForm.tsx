/** The query of a widget about a meter. */
import { Select, SimpleGrid, TagsInput, TextInput } from "@mantine/core";
import { useEffect } from "react";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { BROWSER_ZONE } from "@/format/times";
import { useProject } from "@/state/session";
import { dashboards } from "@/texts/dashboards";
import type { WidgetQuery } from "./dashboards";
import { PeriodSelect } from "./SiteForm";

const { editor } = dashboards;
const WINDOWS = ["HOUR", "DAY", "WEEK", "MONTH"] as const;
const DRAWINGS = ["bar", "line", "area", "number", "pie", "table"] as const;

export const newUsage: WidgetQuery = { period: "30d", timezone: BROWSER_ZONE, window_size: "DAY", draw: "bar" };

export function UsageForm({ query, onChange }: { query: WidgetQuery; onChange: (query: WidgetQuery) => void }) {
  const project = useProject().id;
  const asked = useAsk([project, "meters", "all"], (signal) => ask(api.GET("/flexprice/v1/meters", { signal })));
  const meters = (asked.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }));
  const set = (given: WidgetQuery) =>
    onChange(Object.fromEntries(Object.entries({ ...query, ...given }).filter(([, value]) => value !== undefined)));
  const first = meters[0]?.value;
  useEffect(() => {
    if (!query.meter_id && first) set({ meter_id: first });
  });
  const groups = Array.isArray(query.group_by) ? query.group_by.map(String) : [];
  const drawn = String(query.draw ?? "bar");
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
      <Select
        label={editor.meter}
        placeholder={editor.meterPlaceholder}
        data={meters}
        value={typeof query.meter_id === "string" ? query.meter_id : null}
        allowDeselect={false}
        searchable
        required
        onChange={(meter_id) => meter_id && set({ meter_id })}
      />
      <TextInput
        label={editor.customer}
        placeholder={editor.customerPlaceholder}
        value={typeof query.external_customer_id === "string" ? query.external_customer_id : ""}
        onChange={(event) => set({ external_customer_id: event.currentTarget.value || undefined })}
      />
      <Select
        label={editor.draw}
        data={DRAWINGS.map((value) => ({ value, label: editor.drawings[value] }))}
        value={drawn}
        allowDeselect={false}
        onChange={(draw) =>
          draw &&
          set({ draw, window_size: draw === "number" || draw === "pie" ? undefined : (query.window_size ?? "DAY") })
        }
      />
      {drawn !== "number" && drawn !== "pie" && (
        <Select
          label={editor.interval}
          data={WINDOWS.map((value) => ({ value, label: editor.windows[value] }))}
          value={String(query.window_size ?? "DAY")}
          allowDeselect={false}
          onChange={(window_size) => window_size && set({ window_size })}
        />
      )}
      {drawn !== "number" && (
        <TagsInput
          label={editor.groupBy}
          placeholder={groups.length ? "" : editor.groupByPlaceholder}
          value={groups.map((one) => one.replace(/^properties\./, ""))}
          maxTags={3}
          onChange={(names) =>
            set({
              group_by: names.length ? names.map((one) => (one === "source" ? one : `properties.${one}`)) : undefined,
            })
          }
        />
      )}
      <PeriodSelect
        value={query.period}
        onPick={(period) => set({ period, start_time: undefined, end_time: undefined })}
      />
    </SimpleGrid>
  );
}
