/** Dashboards as the server keeps them, and the few ways to change one. */
import { api, ask, Refused } from "@/api/client";
import { askText, type Exact, objectOf, parseExact, textOf } from "@/api/exact";
import { queryClient, useAsk } from "@/api/queries";
import type { paths } from "@/api/schema";
import { useProject } from "@/state/session";

type Reply<P extends keyof paths, M extends "get" | "post"> =
  paths[P] extends Record<M, { responses: { 200: { content: { "application/json": infer T } } } }> ? T : never;

export type Dashboard = Reply<"/solinth/v1/dashboards/{id}", "get">;
export type SharedDashboard = Reply<"/solinth/v1/shared/{token}", "get">;
export type Widget = Dashboard["widgets"][number];
export type WidgetType = Widget["type"];
export type Position = Widget["position"];
/** Parameters of the question, as the kind of widget has them (docs/querying.md). */
export type WidgetQuery = Record<string, unknown>;

/** What a widget is before it has a place. */
export interface WidgetDraft {
  type: WidgetType;
  title: string;
  query: WidgetQuery;
}

export const COLUMNS = 12;
/** A widget of the kind is at first that large, in columns and rows. */
export function firstSize({ type, query }: WidgetDraft): { w: number; h: number } {
  if (type === "metric" || query.draw === "number") return { w: 3, h: 2 };
  if (query.view === "metrics") return { w: 6, h: 3 };
  return { w: type === "pie" || query.draw === "pie" ? 4 : 6, h: 5 };
}

export const listKey = (project: string) => [project, "dashboards"] as const;
export const oneKey = (project: string, id: string) => [project, "dashboards", id] as const;

export function useDashboards(when = true) {
  const project = useProject().id;
  return useAsk(
    listKey(project),
    (signal) => ask(api.GET("/solinth/v1/dashboards", { params: { query: { limit: 1000 } }, signal })),
    { when },
  );
}

export function readDashboard(id: string, signal?: AbortSignal): Promise<Dashboard> {
  const path = { params: { path: { id } } };
  return ask(api.GET("/solinth/v1/dashboards/{id}", signal ? { ...path, signal } : path));
}

/** Days and zone in place of the widgets' own; null: as saved. */
export type Instead = { from: string; to: string; timezone: string } | null;

/** One widget's answer, its numbers as the server wrote them, or why there is none. */
export type WidgetAnswer = { data: Exact; error?: never } | { error: string; data?: never };
export type Answers = ReadonlyMap<string, WidgetAnswer>;

export async function readData(path: string, instead: Instead, signal?: AbortSignal): Promise<Answers> {
  const parameters = Object.entries(instead ?? {});
  const widgets = objectOf(objectOf(parseExact(await askText(`${path}/data`, parameters, signal))).widgets);
  return new Map(
    Object.entries(widgets).map(([id, one]) => {
      const { data, error } = objectOf(one);
      return [id, data === undefined ? { error: textOf(objectOf(error).message) ?? "" } : { data }];
    }),
  );
}

export interface DashboardFields {
  name?: string;
  description?: string | null;
  widgets?: readonly (Partial<Widget> & WidgetDraft)[];
  /** The change holds only for the dashboard as it was updated then. */
  updated_at?: string;
}

export function makeDashboard(fields: DashboardFields & { name: string }): Promise<Dashboard> {
  const { widgets, ...rest } = fields;
  return ask(api.POST("/solinth/v1/dashboards", { body: { ...rest, ...(widgets ? { widgets: [...widgets] } : {}) } }));
}

export function changeDashboard(id: string, fields: DashboardFields): Promise<Dashboard> {
  const { widgets, ...rest } = fields;
  return ask(
    api.PATCH("/solinth/v1/dashboards/{id}", {
      params: { path: { id } },
      body: { ...rest, ...(widgets ? { widgets: [...widgets] } : {}) },
    }),
  );
}

/** Someone else changed it since it was read. */
export function isChangedMeanwhile(failure: unknown): boolean {
  return failure instanceof Refused && failure.status === 409;
}

/** The place for one more widget: right of the last one when there is room in its rows, else below all. */
export function placeFor(widgets: readonly Widget[], { w, h }: { w: number; h: number }): Position {
  const bottom = Math.max(0, ...widgets.map(({ position }) => position.y + position.h));
  const last = widgets.at(-1)?.position;
  if (last && last.x + last.w + w <= COLUMNS) {
    const spot = { x: last.x + last.w, y: last.y, w, h };
    if (!widgets.some(({ position }) => overlap(position, spot))) return spot;
  }
  return { x: 0, y: bottom, w, h };
}

export function overlap(a: Position, b: Position): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** Adds a widget to a dashboard as it is now. Two people may add at once: who was second reads it again. */
export async function addWidget(project: string, id: string, draft: WidgetDraft): Promise<Dashboard> {
  for (let tries = 0; ; tries += 1) {
    const before = await readDashboard(id);
    const position = placeFor(before.widgets, firstSize(draft));
    try {
      const after = await changeDashboard(id, {
        widgets: [...before.widgets, { ...draft, position }],
        updated_at: before.updated_at,
      });
      queryClient.setQueryData(oneKey(project, id), after);
      return after;
    } catch (failure) {
      if (tries >= 2 || !isChangedMeanwhile(failure)) throw failure;
    }
  }
}

/** The list of dashboards is asked again, where it is shown. */
export function forget(project: string): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: listKey(project), exact: true });
}
