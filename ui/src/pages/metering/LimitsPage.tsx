/** What customers may use of features, with what they used; and alerts on usage. */
import { Badge, Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import { formatDecimal } from "@/format/numbers";
import { formatTime } from "@/format/times";
import { Why } from "@/pages/people/Entrance";
import { useSend } from "@/pages/people/useSend";
import { Confirm } from "@/parts/Confirm";
import { DataTable } from "@/parts/DataTable";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { tell } from "@/parts/tell";
import { useMay, useProject } from "@/state/session";
import { texts as all } from "@/texts";
import { metering } from "@/texts/metering";
import { CUSTOMERS, type Feature, LIMITS, useFeatures } from "./ask";
import { Share } from "./CustomerPage";
import { CustomerSelect } from "./CustomerSelect";

const { limits: texts } = metering;
const PERIODS = Object.keys(texts.periods) as (keyof typeof texts.periods)[];
const MOST = 50;

export default function LimitsPage() {
  const features = useFeatures().data?.items ?? [];
  const customers = useCustomers();
  const names: Names = {
    feature: (id) => features.find((one) => one.id === id)?.name ?? id,
    customer: (id) => customers.get(id)?.name ?? id,
    externalId: (id) => customers.get(id)?.external_id ?? "",
  };
  return (
    <Page title={texts.title} about={texts.about}>
      <Stack gap="md">
        <Entitlements features={features} names={names} />
        <Alerts features={features} names={names} />
        <Noticed names={names} />
      </Stack>
    </Page>
  );
}

interface Names {
  feature: (id: string) => string;
  customer: (id: string) => string;
  externalId: (id: string) => string;
}

/** By id: lists of limits name customers by it. */
function useCustomers(): Map<string, { name: string; external_id: string }> {
  const project = useProject();
  const found = useAsk([CUSTOMERS, project.id, "names"], (signal) =>
    ask(api.POST("/flexprice/v1/customers/search", { body: { limit: 1000 }, signal })),
  );
  return new Map(
    (found.data?.items ?? []).map(({ id, name, external_id }) => [id, { name: name || external_id, external_id }]),
  );
}

interface PartProps {
  features: readonly Feature[];
  names: Names;
}

function Entitlements({ features, names }: PartProps) {
  const project = useProject();
  const may = useMay("member");
  const [making, { open, close }] = useDisclosure(false);
  const [removing, setRemoving] = useState<{ id: string; customer: string; feature: string } | null>(null);
  const found = useAsk([LIMITS, project.id], (signal) =>
    ask(api.GET("/flexprice/v1/entitlements", { params: { query: { limit: MOST } }, signal })),
  );
  const create = may && (
    <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={open}>
      {texts.create}
    </Button>
  );
  return (
    <Panel title={texts.entitlements} flush actions={create}>
      <Answer
        of={found}
        height={280}
        isEmpty={({ items }) => items.length === 0}
        empty={<Empty title={texts.none} hint={texts.noneHint} height={280} />}
      >
        {({ items }) => (
          <DataTable
            label={texts.entitlements}
            rows={items}
            rowKey={({ id }) => id}
            minWidth={860}
            columns={[
              {
                id: "customer",
                title: texts.customer,
                cell: ({ customer_id }) => names.customer(customer_id),
                by: ({ customer_id }) => names.customer(customer_id),
              },
              { id: "feature", title: texts.feature, cell: ({ feature_id }) => names.feature(feature_id) },
              {
                id: "hard",
                title: texts.hard,
                number: true,
                cell: ({ hard_limit }) => (hard_limit ? formatDecimal(hard_limit) : "–"),
              },
              {
                id: "soft",
                title: texts.soft,
                number: true,
                cell: ({ soft_limit }) => (soft_limit ? formatDecimal(soft_limit) : "–"),
              },
              {
                id: "period",
                title: texts.period,
                cell: ({ usage_reset_period }) =>
                  texts.periods[usage_reset_period as keyof typeof texts.periods] ?? usage_reset_period,
              },
              {
                id: "use",
                title: texts.used,
                cell: (one) => (
                  <Use
                    externalId={names.externalId(one.customer_id)}
                    feature={one.feature_id}
                    label={names.customer(one.customer_id)}
                  />
                ),
              },
              {
                id: "remove",
                title: texts.remove,
                hiddenTitle: true,
                cell: (one) =>
                  may && (
                    <Button
                      size="compact-xs"
                      variant="subtle"
                      color="gray"
                      aria-label={`${texts.remove}: ${names.customer(one.customer_id)}, ${names.feature(one.feature_id)}`}
                      onClick={() =>
                        setRemoving({
                          id: one.id,
                          customer: names.customer(one.customer_id),
                          feature: names.feature(one.feature_id),
                        })
                      }
                    >
                      <IconTrash size={15} />
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Answer>
      <Modal opened={making} onClose={close} title={texts.create} closeButtonProps={{ "aria-label": all.shell.close }}>
        <NewLimit features={features} onMade={close} />
      </Modal>
      <Confirm
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={texts.remove}
        action={texts.remove}
        onConfirm={async () => {
          await ask(api.DELETE("/flexprice/v1/entitlements/{id}", { params: { path: { id: removing?.id ?? "" } } }));
          await queryClient.invalidateQueries({ queryKey: [LIMITS] });
        }}
      >
        {removing && texts.removeSure(removing.customer, removing.feature)}
      </Confirm>
    </Panel>
  );
}

/** What is used of a limit, as a check of an application would be answered. */
function Use({ externalId, feature, label }: { externalId: string; feature: string; label: string }) {
  const project = useProject();
  const check = useAsk(
    [LIMITS, project.id, "check", externalId, feature],
    (signal) =>
      ask(
        api.POST("/flexprice/v1/entitlements/check", {
          body: { external_customer_id: externalId, feature, units: "0" },
          signal,
        }),
      ),
    { when: externalId !== "", every: 15_000 },
  );
  if (!check.data) return <Text size="sm">…</Text>;
  const { usage, hard_limit, soft_limit, reason } = check.data;
  const limit = hard_limit ?? soft_limit;
  return (
    <Group gap="sm" wrap="nowrap">
      <Text size="sm" className="figures" w={80} ta="right">
        {usage === null ? "–" : formatDecimal(usage)}
      </Text>
      {limit && usage !== null && <Share used={Number(usage)} limit={Number(limit)} label={label} />}
      {reason !== "ok" && (
        <Badge size="sm" variant="light" color={reason === "hard_limit_reached" ? "red.9" : "orange.9"} tt="none">
          {texts.verdicts[reason]}
        </Badge>
      )}
    </Group>
  );
}

function FeatureSelect({
  features,
  value,
  onChange,
}: {
  features: readonly Feature[];
  value: string;
  onChange: (id: string) => void;
}) {
  return (
    <Select
      label={texts.feature}
      required
      searchable
      data={features.filter(({ meter_id }) => meter_id).map(({ id, name }) => ({ value: id, label: name }))}
      value={value || null}
      onChange={(id) => onChange(id ?? "")}
    />
  );
}

function NewLimit({ features, onMade }: { features: readonly Feature[]; onMade: () => void }) {
  const [customer, setCustomer] = useState("");
  const [feature, setFeature] = useState("");
  const [hard, setHard] = useState("");
  const [soft, setSoft] = useState("");
  const [period, setPeriod] = useState<(typeof PERIODS)[number]>("MONTHLY");
  const { busy, failure, submit } = useSend(async () => {
    const body = {
      external_customer_id: customer,
      feature_id: feature,
      usage_reset_period: period,
      ...(hard ? { hard_limit: hard } : {}),
      ...(soft ? { soft_limit: soft } : {}),
    };
    await ask(api.POST("/flexprice/v1/entitlements", { body }));
    await queryClient.invalidateQueries({ queryKey: [LIMITS] });
    tell(texts.made);
    onMade();
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit(undefined);
      }}
    >
      <Stack gap="sm">
        <Why failure={failure} />
        <CustomerSelect label={texts.customer} placeholder="" value={customer} onChange={setCustomer} required />
        <FeatureSelect features={features} value={feature} onChange={setFeature} />
        <Group grow align="flex-start">
          <TextInput
            label={texts.soft}
            description={texts.softHint}
            inputMode="decimal"
            value={soft}
            onChange={(input) => setSoft(input.currentTarget.value.trim())}
          />
          <TextInput
            label={texts.hard}
            description={texts.hardHint}
            inputMode="decimal"
            value={hard}
            onChange={(input) => setHard(input.currentTarget.value.trim())}
          />
        </Group>
        <Select
          label={texts.period}
          data={PERIODS.map((value) => ({ value, label: texts.periods[value] }))}
          value={period}
          allowDeselect={false}
          onChange={(value) => setPeriod(PERIODS.find((one) => one === value) ?? "MONTHLY")}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={busy} disabled={!customer || !feature}>
            {all.shell.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Alerts({ features, names }: PartProps) {
  const project = useProject();
  const may = useMay("member");
  const [making, { open, close }] = useDisclosure(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const found = useAsk([LIMITS, project.id, "alerts"], (signal) =>
    ask(api.GET("/flexprice/v1/alerts/setting", { params: { query: { limit: MOST } }, signal })),
  );
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
      <Answer
        of={found}
        height={160}
        isEmpty={({ items }) => items.length === 0}
        empty={<Empty title={texts.noAlerts} hint={texts.noAlertsHint} height={160} />}
      >
        {({ items }) => (
          <DataTable
            label={texts.alerts}
            rows={items}
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
              { id: "critical", title: texts.critical, number: true, cell: ({ config }) => threshold(config.critical) },
              {
                id: "remove",
                title: texts.removeAlert,
                hiddenTitle: true,
                cell: ({ id, entity_id }) =>
                  may && (
                    <Button
                      size="compact-xs"
                      variant="subtle"
                      color="gray"
                      aria-label={`${texts.removeAlert}: ${names.feature(entity_id)}`}
                      onClick={() => setRemoving(id)}
                    >
                      <IconTrash size={15} />
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Answer>
      <Modal
        opened={making}
        onClose={close}
        title={texts.createAlert}
        closeButtonProps={{ "aria-label": all.shell.close }}
      >
        <NewAlert features={features} onMade={close} />
      </Modal>
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

function NewAlert({ features, onMade }: { features: readonly Feature[]; onMade: () => void }) {
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
    onMade();
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit(undefined);
      }}
    >
      <Stack gap="sm">
        <Why failure={failure} />
        <FeatureSelect features={features} value={feature} onChange={setFeature} />
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
        <Group justify="flex-end">
          <Button type="submit" loading={busy} disabled={!feature || (!warning && !critical)}>
            {all.shell.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Noticed({ names }: { names: Names }) {
  const project = useProject();
  const found = useAsk(
    [LIMITS, project.id, "log"],
    (signal) => ask(api.POST("/flexprice/v1/alerts/search", { body: { limit: MOST }, signal })),
    { every: 15_000 },
  );
  return (
    <Panel title={texts.log} flush>
      <Answer
        of={found}
        height={160}
        isEmpty={({ items }) => items.length === 0}
        empty={<Empty title={texts.noLog} height={160} />}
      >
        {({ items }) => (
          <DataTable
            label={texts.log}
            rows={items}
            rowKey={({ id }) => id}
            minWidth={640}
            maxHeight={360}
            columns={[
              {
                id: "at",
                title: texts.at,
                cell: ({ created_at }) => formatTime(created_at),
                by: ({ created_at }) => created_at,
              },
              { id: "state", title: texts.state, cell: ({ alert_status }) => texts.states[alert_status] },
              {
                id: "customer",
                title: texts.customer,
                cell: ({ customer_id, external_customer_id }) => names.customer(customer_id) || external_customer_id,
              },
              { id: "feature", title: texts.feature, cell: ({ entity_id }) => names.feature(entity_id) },
              { id: "value", title: texts.value, number: true, cell: ({ value }) => formatDecimal(value) },
              {
                id: "threshold",
                title: texts.threshold,
                number: true,
                cell: ({ threshold }) => formatDecimal(threshold),
              },
            ]}
          />
        )}
      </Answer>
    </Panel>
  );
}
