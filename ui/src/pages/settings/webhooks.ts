/** What the routes about webhooks answer with. */
import type { paths } from "@/api/schema";

export type Endpoint =
  paths["/flexprice/v1/webhooks/endpoints"]["get"]["responses"][200]["content"]["application/json"]["items"][number];
export type Delivery =
  paths["/flexprice/v1/webhooks/deliveries"]["get"]["responses"][200]["content"]["application/json"]["items"][number];
export type MessageType = Delivery["event_type"];

/** What an endpoint can ask to be told; tests come to whom they are sent. */
export const TYPES: readonly MessageType[] = [
  "event.rejected",
  "entitlement.soft_limit_reached",
  "entitlement.hard_limit_reached",
  "alert.state_changed",
];
