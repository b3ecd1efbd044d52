/** What all drawings of widgets are given, and how their dates are written. */

import type { Exact } from "@/api/exact";
import { BUCKETS, labelOf } from "@/format/times";
import type { Instead, WidgetQuery } from "./dashboards";

export interface Shown {
  title: string;
  query: WidgetQuery;
  data: Exact;
  /** In pixels, of the drawing. */
  height: number;
  instead: Instead;
}

/** A bucket's date; of web analytics a month is "2024-01" and an hour has its time. */
export function dateLabel(date: string, interval: string): string {
  const known = BUCKETS.find((one) => one === interval) ?? "day";
  return labelOf(date, known);
}

export function drawKind(draw: unknown, otherwise: "line" | "bar"): "line" | "area" | "bar" {
  return draw === "line" || draw === "area" || draw === "bar" ? draw : otherwise;
}
