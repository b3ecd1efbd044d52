/** What a meter is while it is made, and what the server is told of it. */
import type { paths } from "@/api/schema";
import type { MeterType } from "./ask";
import { type Condition, wholeConditions } from "./Conditions";

type NewMeter = paths["/flexprice/v1/meters"]["post"]["requestBody"]["content"]["application/json"];
export type BucketSize = NonNullable<NewMeter["aggregation"]["bucket_size"]>;

export const BUCKET_SIZES: readonly BucketSize[] = [
  "MINUTE",
  "15MIN",
  "30MIN",
  "HOUR",
  "3HOUR",
  "6HOUR",
  "12HOUR",
  "DAY",
  "WEEK",
  "MONTH",
];

export interface Draft {
  event: string;
  type: MeterType;
  /** Whether the expression counts, not the property. */
  computed: boolean;
  field: string;
  expression: string;
  multiplier: string;
  bucket: BucketSize | null;
  /** Of the largest per bucket: the properties by which it is taken. */
  groups: string[];
  conditions: Condition[];
}

export const EMPTY: Omit<Draft, "event"> = {
  type: "COUNT",
  computed: false,
  field: "",
  expression: "",
  multiplier: "1",
  bucket: null,
  groups: [],
  conditions: [],
};

export const needsField = ({ type }: Pick<Draft, "type">) => type !== "COUNT";
export const takesExpression = ({ type }: Pick<Draft, "type">) => ["SUM", "AVG", "MAX", "LATEST"].includes(type);
export const takesBucket = ({ type }: Pick<Draft, "type">) => type === "SUM" || type === "MAX";
export const takesGroups = ({ type, bucket }: Draft) => type === "MAX" && bucket !== null;
const isComputed = (draft: Draft) => draft.computed && takesExpression(draft);

/** What is still to be said before it can be tried; null when all is. */
export function lackingOf(draft: Draft): "event" | "field" | "expression" | null {
  if (draft.event === "") return "event";
  if (!needsField(draft)) return null;
  if (isComputed(draft)) return draft.expression.trim() === "" ? "expression" : null;
  return draft.field === "" ? "field" : null;
}

export function aggregationOf(draft: Draft): NewMeter["aggregation"] {
  const { type, field, expression, multiplier, bucket, groups } = draft;
  return {
    type,
    ...(needsField(draft) ? (isComputed(draft) ? { expression } : { field }) : {}),
    ...(type === "SUM_WITH_MULTIPLIER" ? { multiplier: multiplier || "1" } : {}),
    ...(takesBucket(draft) && bucket ? { bucket_size: bucket } : {}),
    ...(takesGroups(draft) && groups.length > 0 ? { group_by: groups } : {}),
  };
}

/** The same as a question about events that are here already. */
export function questionOf(draft: Draft) {
  const { field = "", expression = "", multiplier, bucket_size, group_by = [] } = aggregationOf(draft);
  return {
    event_name: draft.event,
    aggregation_type: draft.type,
    ...(field ? { property_name: field } : {}),
    ...(expression ? { expression } : {}),
    ...(multiplier ? { multiplier } : {}),
    ...(bucket_size ? { bucket_size } : {}),
    ...(group_by.length > 0 ? { group_by: [group_by].flat().map((name) => `properties.${name}`) } : {}),
    filters: Object.fromEntries(wholeConditions(draft.conditions).map(({ key, values }) => [key, values])),
  };
}
