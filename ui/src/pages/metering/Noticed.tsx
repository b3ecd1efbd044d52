/** What limits and alerts noticed, the newest first. */
import { useState } from "react";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { formatDecimal } from "@/format/numbers";
import { formatTime } from "@/format/times";
import { PagedTable } from "@/parts/PagedTable";
import { Panel } from "@/parts/Panel";
import { Empty } from "@/parts/states";
import { useProject } from "@/state/session";
import { metering } from "@/texts/metering";
import { LIMITS } from "./ask";
import { useNames } from "./names";

const { limits: texts } = metering;
const PAGE = 50;

export function Noticed() {
  const project = useProject();
  const [offset, setOffset] = useState(0);
  const found = useAsk(
    [LIMITS, project.id, "log", offset],
    (signal) => ask(api.POST("/flexprice/v1/alerts/search", { body: { limit: PAGE, offset }, signal })),
    { every: 15_000 },
  );
  const entitlements = useAsk([LIMITS, project.id, "all"], (signal) =>
    ask(api.GET("/flexprice/v1/entitlements", { params: { query: { limit: 1000 } }, signal })),
  );
  const names = useNames((found.data?.items ?? []).map(({ customer_id }) => customer_id));
  /** Limits are noticed by the id of the entitlement. */
  const featureOf = ({ entity_type, entity_id }: { entity_type: string; entity_id: string }) => {
    if (entity_type === "feature") return names.feature(entity_id);
    const limit = entitlements.data?.items.find(({ id }) => id === entity_id);
    return limit ? names.feature(limit.feature_id) : texts.goneLimit;
  };
  return (
    <Panel title={texts.log} flush>
      <PagedTable
        of={found}
        height={160}
        empty={<Empty title={texts.noLog} height={160} />}
        size={PAGE}
        onPage={setOffset}
        label={texts.log}
        rowKey={({ id }) => id}
        minWidth={640}
        maxHeight={360}
        columns={[
          {
            id: "at",
            title: texts.at,
            cell: ({ created_at }) => <span style={{ whiteSpace: "nowrap" }}>{formatTime(created_at)}</span>,
            by: ({ created_at }) => created_at,
          },
          { id: "state", title: texts.state, cell: ({ alert_status }) => texts.states[alert_status] },
          {
            id: "customer",
            title: texts.customer,
            cell: ({ customer_id, external_customer_id }) => names.customer(customer_id ?? "") || external_customer_id,
          },
          { id: "feature", title: texts.feature, cell: featureOf },
          { id: "value", title: texts.value, number: true, cell: ({ value }) => formatDecimal(value) },
          {
            id: "threshold",
            title: texts.threshold,
            number: true,
            cell: ({ threshold }) => formatDecimal(threshold),
          },
        ]}
      />
    </Panel>
  );
}
