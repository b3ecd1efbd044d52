/** Where widgets lie. Moves by keyboard are the same as those by mouse: others make room, and nothing is left floating. */
import { type LayoutItem, moveElement, verticalCompactor } from "react-grid-layout/core";
import { COLUMNS, type Position, type Widget } from "./dashboards";

export const ROW_HEIGHT = 56;
export const GAP = 16;
export const LEAST = { w: 2, h: 2 } as const;

export type Step = "left" | "right" | "up" | "down" | "wider" | "narrower" | "taller" | "lower";

/** Pixels of so many rows. */
export function heightOf(rows: number): number {
  return rows * ROW_HEIGHT + (rows - 1) * GAP;
}

export function layoutOf(widgets: readonly Widget[]): LayoutItem[] {
  return widgets.map(({ id, position }) => ({ i: id, ...position, minW: LEAST.w, minH: LEAST.h }));
}

/** The widgets at the places of the layout; the same list when nothing moved. */
export function placed(widgets: readonly Widget[], layout: readonly LayoutItem[]): readonly Widget[] {
  const places = new Map(layout.map(({ i, x, y, w, h }) => [i, { x, y, w, h }]));
  let moved = false;
  const after = widgets.map((widget) => {
    const position = places.get(widget.id);
    if (!position || same(position, widget.position)) return widget;
    moved = true;
    return { ...widget, position };
  });
  return moved ? after : widgets;
}

export function same(a: Position, b: Position): boolean {
  return a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h;
}

export function stepped(widgets: readonly Widget[], id: string, step: Step): readonly Widget[] {
  const layout = verticalCompactor.compact(layoutOf(widgets), COLUMNS).map((one) => ({ ...one }));
  const item = layout.find((one) => one.i === id);
  if (!item) return widgets;
  const { x, y, w, h } = item;
  if (step === "wider" || step === "narrower" || step === "taller" || step === "lower") {
    item.w = clamp(w + (step === "wider" ? 1 : step === "narrower" ? -1 : 0), LEAST.w, COLUMNS - x);
    item.h = clamp(h + (step === "taller" ? 1 : step === "lower" ? -1 : 0), LEAST.h, 100);
    return placed(widgets, verticalCompactor.compact(layout, COLUMNS));
  }
  // Up and down go past the neighbour: a step of one row alone would be pulled back.
  const rows = step === "down" ? heightBelow(layout, item) : step === "up" ? -heightAbove(layout, item) : 0;
  const columns = step === "left" ? -1 : step === "right" ? 1 : 0;
  const moved = moveElement(
    layout,
    item,
    clamp(x + columns, 0, COLUMNS - w),
    Math.max(0, y + rows),
    true,
    false,
    "vertical",
    COLUMNS,
  );
  return placed(widgets, verticalCompactor.compact(moved, COLUMNS));
}

function heightBelow(layout: readonly LayoutItem[], item: LayoutItem): number {
  const below = layout.filter((one) => one.y >= item.y + item.h && one.x < item.x + item.w && item.x < one.x + one.w);
  return below.length ? Math.min(...below.map((one) => one.y + one.h)) - item.y - item.h + 1 : 0;
}

function heightAbove(layout: readonly LayoutItem[], item: LayoutItem): number {
  const above = layout.filter((one) => one.y + one.h <= item.y && one.x < item.x + item.w && item.x < one.x + one.w);
  return above.length ? item.y - Math.max(...above.map((one) => one.y)) : item.y;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
