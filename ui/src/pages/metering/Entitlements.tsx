/** What customers may use of features, with what they used. */
import { Badge, Button, Group, Select, Text, TextInput } from "@mantine/core";
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
import { Share } from "./CustomerPage";
import { CustomerSelect } from "./CustomerSelect";
import { FeatureSelect } from "./FeatureSelect";
import { useNames } from "./names";

const { limits: texts } = metering;
const PERIODS = Object.keys(texts.periods) as (keyof typeof texts.periods)[];
const PAGE = 50;

export function Entitlements() {
  const project = useProject();
  const may = useMay("member");
  const [making, { open, close }] = useDisclosure(false);
  const [removing, setRemoving] = useState<{ id: string; customer: string; feature: string } | null>(null);
  const [offset, setOffset] = useState(0);
  const found = useAsk([LIMITS, project.id, offset], (signal) =>
    ask(api.GET("/flexprice/v1/entitlements", { params: { query: { limit: PAGE, offset } }, signal })),
  );
  const names = useNames((found.data?.items ?? []).map(({ customer_id }) => customer_id));
  const create = may && (
    <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={open}>
      {texts.create}
    </Button>
  );
  return (
    <Panel title={texts.entitlements} flush actions={create}>
      <PagedTable
        of={found}
        height={280}
        empty={<Empty title={texts.none} hint={texts.noneHint} height={280} />}
        size={PAGE}
        onPage={setOffset}
        label={texts.entitlements}
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
                <RowButton
                  name={`${texts.remove}: ${names.customer(one.customer_id)}, ${names.feature(one.feature_id)}`}
                  onClick={() =>
                    setRemoving({
                      id: one.id,
                      customer: names.customer(one.customer_id),
                      feature: names.feature(one.feature_id),
                    })
                  }
                >
                  <IconTrash size={15} aria-hidden />
                </RowButton>
              ),
          },
        ]}
      />
      {making && <NewLimit onClose={close} />}
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
  if (check.isError)
    return (
      <Text size="sm" className="soft">
        {check.error.message}
      </Text>
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
        <Badge size="sm" variant="filled" color={reason === "hard_limit_reached" ? "red.9" : "orange.9"} tt="none">
          {texts.verdicts[reason]}
        </Badge>
      )}
    </Group>
  );
}

function NewLimit({ onClose }: { onClose: () => void }) {
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
    onClose();
  });
  return (
    <FormModal
      opened
      onClose={onClose}
      title={texts.create}
      action={all.shell.create}
      busy={busy}
      failure={failure}
      ready={customer !== "" && feature !== ""}
      onSubmit={(event) => {
        event?.preventDefault();
        void submit(undefined);
      }}
    >
      <CustomerSelect label={texts.customer} placeholder="" value={customer} onChange={setCustomer} required />
      <FeatureSelect value={feature} onChange={setFeature} />
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
    </FormModal>
  );
}
