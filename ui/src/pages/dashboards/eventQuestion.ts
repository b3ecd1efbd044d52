/** The query of a widget about events as a question of Explore, which draws and edits it; and back. */
import { objectOf, textOf } from "@/api/exact";
import { addDays, BROWSER_ZONE, dayOf } from "@/format/times";
import {
  COMPARES,
  INTERVALS,
  LIMITS,
  METRICS,
  OPERATORS,
  type PropertyFilter,
  type Question,
  VIEWS,
  widgetQueryOf,
} from "@/pages/explore/question";
import type { Instead, WidgetDraft, WidgetQuery, WidgetType } from "./dashboards";

/** Fields that a question of Explore has; others of a query (a formula) are kept as they are. */
const OWN = ["event", "metric", "property", "interval", "timezone", "group_by", "limit", "filters", "compare"];
/** Without a range the server begins so many days before today. */
const DEFAULT_DAYS = 30;

export function questionOf({ type, query }: Pick<WidgetDraft, "type" | "query">, instead: Instead = null): Question {
  const text = (name: string) => (typeof query[name] === "string" ? String(query[name]) : "");
  const zone = instead?.timezone ?? (text("timezone") || "UTC");
  const today = dayOf(new Date(), zone);
  const to = instead?.to ?? (text("to").slice(0, 10) || today);
  return {
    event: text("event"),
    metric: METRICS.find((one) => one === query.metric) ?? "count",
    property: text("property"),
    filter: filtersOf(query.filters),
    by: groupsOf(query.group_by),
    limit: LIMITS.find((one) => one === String(query.limit)) ?? "10",
    interval: INTERVALS.find((one) => one === query.interval) ?? "none",
    zone,
    compare: COMPARES.find((one) => one === query.compare) ?? "none",
    view: type === "metric" ? "number" : (VIEWS.find((one) => one === type) ?? "table"),
    range: "custom",
    from: instead?.from ?? (text("from").slice(0, 10) || addDays(to, -DEFAULT_DAYS)),
    to,
  };
}

/** What a new widget asks before anything is chosen. */
export function newQuestion(): Question {
  return { ...questionOf({ type: "line", query: { timezone: BROWSER_ZONE } }), interval: "auto", range: "30d" };
}

export function draftOf(question: Question, before: WidgetQuery): { type: WidgetType; query: WidgetQuery } {
  const kept = Object.entries(before).filter(([name]) => !OWN.includes(name));
  return {
    type: question.view === "number" ? "metric" : question.view,
    query: { ...Object.fromEntries(kept), ...widgetQueryOf(question) },
  };
}

function groupsOf(given: unknown): string[] {
  if (Array.isArray(given)) return given.filter((one): one is string => typeof one === "string" && one !== "");
  return typeof given === "string" && given !== "" ? given.split(",") : [];
}

function filtersOf(given: unknown): PropertyFilter[] {
  let nodes: unknown = given;
  if (typeof given === "string") {
    try {
      nodes = JSON.parse(given);
    } catch {
      return [];
    }
  }
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node) => {
    const { property, operator, value } = objectOf(node);
    const values = (Array.isArray(value) ? value : [value]).map((one) => textOf(one) ?? String(one));
    const known = OPERATORS.find((one) => one === (operator ?? "is"));
    return typeof property === "string" && known ? [{ property, operator: known, values }] : [];
  });
}
