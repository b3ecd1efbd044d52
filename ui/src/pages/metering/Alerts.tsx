/** Thresholds on usage, of which webhooks are told. */
import { Button, Group, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import { formatDecimal } from "@/format/numbers";
import { Confirm } from "@/parts/Confirm";
import { FormModal } from "@/parts/FormModal";
import { PagedTable } from "@/parts/PagedTable";
import { Panel } from "@/parts/Panel";
import { RowButton } from "@/parts/RowButton";
import { Empty } from "@/parts/states";
import { tell } from "@/parts/tell";
import { useSend } from "@/parts/useSend";
import { useMay, useProject } from "@/state/session";
import { texts as all } from "@/texts";
import { metering } from "@/texts/metering";
import { LIMITS } from "./ask";
import { CustomerSelect } from "./CustomerSelect";
import { FeatureSelect } from "./FeatureSelect";
import { useNames } from "./names";

const { limits: texts } = metering;
const PAGE = 50;

export function Alerts() {
  const project = useProject();
  const may = useMay("member");
  const [making, { open, close }] = useDisclosure(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const [offset, setOffset] = useState(0);
  const found = useAsk([LIMITS, project.id, "alerts", offset], (signal) =>
    ask(api.GET("/flexprice/v1/alerts/setting", { params: { query: { limit: PAGE, offset } }, signal })),
  );
  const names = useNames((found.data?.items ?? []).map(({ customer_id }) => customer_id));
  const threshold = (level: { threshold: string } | null | undefined) => (level ? formatDecimal(level.threshold) : "–");
  return (
    <Panel
      title={texts.alerts}
      about={texts.alertsAbout}
      flush
      actions={
        may && (
          <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={open}>
            {texts.createAlert}
          </Button>
        )
      }
    >
      <PagedTable
        of={found}
        height={160}
        empty={<Empty title={texts.noAlerts} hint={texts.noAlertsHint} height={160} />}
        size={PAGE}
        onPage={setOffset}
        label={texts.alerts}
        rowKey={({ id }) => id}
        minWidth={560}
        columns={[
          { id: "feature", title: texts.feature, cell: ({ entity_id }) => names.feature(entity_id) },
          {
            id: "customer",
            title: texts.customer,
            cell: ({ customer_id }) => (customer_id ? names.customer(customer_id) : texts.everyone),
          },
          { id: "warning", title: texts.warning, number: true, cell: ({ config }) => threshold(config.warning) },
          {
            id: "critical",
            title: texts.critical,
            number: true,
            cell: ({ config }) => threshold(config.critical),
          },
          {
            id: "remove",
            title: texts.removeAlert,
            hiddenTitle: true,
            cell: ({ id, entity_id }) =>
              may && (
                <RowButton name={`${texts.removeAlert}: ${names.feature(entity_id)}`} onClick={() => setRemoving(id)}>
                  <IconTrash size={15} aria-hidden />
                </RowButton>
              ),
          },
        ]}
      />
      {making && <NewAlert onClose={close} />}
      <Confirm
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={texts.removeAlert}
        action={texts.removeAlert}
        onConfirm={async () => {
          await ask(api.DELETE("/flexprice/v1/alerts/setting/{id}", { params: { path: { id: removing ?? "" } } }));
          await queryClient.invalidateQueries({ queryKey: [LIMITS] });
        }}
      >
        {texts.removeAlertSure}
      </Confirm>
    </Panel>
  );
}

function NewAlert({ onClose }: { onClose: () => void }) {
  const [feature, setFeature] = useState("");
  const [customer, setCustomer] = useState("");
  const [warning, setWarning] = useState("");
  const [critical, setCritical] = useState("");
  const level = (threshold: string) => ({ threshold, condition: "above" as const });
  const { busy, failure, submit } = useSend(async () => {
    const config = {
      alert_enabled: true,
      ...(warning ? { warning: level(warning) } : {}),
      ...(critical ? { critical: level(critical) } : {}),
    };
    const body = {
      entity_type: "feature" as const,
      entity_id: feature,
      config,
      ...(customer ? { external_customer_id: customer } : {}),
    };
    await ask(api.POST("/flexprice/v1/alerts/setting", { body }));
    await queryClient.invalidateQueries({ queryKey: [LIMITS] });
    tell(texts.made);
    onClose();
  });
  return (
    <FormModal
      opened
      onClose={onClose}
      title={texts.createAlert}
      action={all.shell.create}
      busy={busy}
      failure={failure}
      ready={feature !== "" && (warning !== "" || critical !== "")}
      onSubmit={(event) => {
        event?.preventDefault();
        void submit(undefined);
      }}
    >
      <FeatureSelect value={feature} onChange={setFeature} />
      <CustomerSelect label={texts.customer} placeholder={texts.everyone} value={customer} onChange={setCustomer} />
      <Group grow>
        <TextInput
          label={texts.warning}
          inputMode="decimal"
          value={warning}
          onChange={(input) => setWarning(input.currentTarget.value.trim())}
        />
        <TextInput
          label={texts.critical}
          inputMode="decimal"
          value={critical}
          onChange={(input) => setCritical(input.currentTarget.value.trim())}
        />
      </Group>
    </FormModal>
  );
}
