/** Names for the ids that lists of limits and alerts have. */
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { useProject } from "@/state/session";
import { CUSTOMERS, useFeatures } from "./ask";

export interface Names {
  /** An id that is not known yet stands for itself. */
  feature: (id: string) => string;
  customer: (id: string) => string;
  /** "" until it is known. */
  externalId: (id: string) => string;
}

/** customers: ids of those that are listed; at most as many as a page has. */
export function useNames(customers: readonly (string | null | undefined)[]): Names {
  const project = useProject();
  const ids = [...new Set(customers.filter((id): id is string => !!id))].sort();
  const features = useFeatures().data?.items ?? [];
  const found = useAsk(
    [CUSTOMERS, project.id, "names", ids],
    (signal) => ask(api.POST("/flexprice/v1/customers/search", { body: { customer_ids: ids, limit: 1000 }, signal })),
    { when: ids.length > 0 },
  );
  const known = new Map((found.data?.items ?? []).map((one) => [one.id, one]));
  return {
    feature: (id) => features.find((one) => one.id === id)?.name ?? id,
    customer: (id) => known.get(id)?.name || known.get(id)?.external_id || id,
    externalId: (id) => known.get(id)?.external_id ?? "",
  };
}
