/** A new meter, with a preview that asks the real events the same question by the same route that everybody asks. */
import { Autocomplete, Button, Group, Select, SimpleGrid, Stack, Switch, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, ask } from "@/api/client";
import { queryClient } from "@/api/queries";
import { EventSelect } from "@/pages/explore/EventSelect";
import { useProperties } from "@/pages/explore/vocabulary";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Why } from "@/parts/refusal";
import { tell } from "@/parts/tell";
import { useSend } from "@/parts/useSend";
import { text, useUrlState } from "@/state/url";
import { metering } from "@/texts/metering";
import { METERS, TYPES } from "./ask";
import { Conditions, wholeConditions } from "./Conditions";
import {
  aggregationOf,
  BUCKET_SIZES,
  type Draft,
  EMPTY,
  lackingOf,
  needsField,
  takesBucket,
  takesExpression,
  takesGroups,
} from "./draft";
import { Preview } from "./Preview";

const { form: texts } = metering;
const fields = { event: text() } as const;

export default function NewMeterPage() {
  const [{ event }, change] = useUrlState(fields);
  const [rest, setRest] = useState(EMPTY);
  const set = (given: Partial<Draft>) => setRest((before) => ({ ...before, ...given }));
  const draft = { event, ...rest };
  return (
    <Page title={texts.title} about={texts.about}>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Panel>
          <Stack gap="sm">
            <EventSelect
              label={texts.event}
              placeholder={texts.eventPlaceholder}
              value={event}
              onPick={(name) => change({ event: name }, { replace: true })}
            />
            <Counting draft={draft} onChange={set} />
            <Conditions event={event} conditions={draft.conditions} onChange={(conditions) => set({ conditions })} />
            <Naming draft={draft} />
          </Stack>
        </Panel>
        <Preview draft={draft} />
      </SimpleGrid>
    </Page>
  );
}

/** How events count: what is taken of which property, or of arithmetic over several. */
function Counting({ draft, onChange }: { draft: Draft; onChange: (given: Partial<Draft>) => void }) {
  const names = (useProperties(draft.event).data?.properties ?? []).map(({ name }) => name).filter(Boolean);
  const computed = draft.computed && takesExpression(draft);
  return (
    <>
      <Group gap="sm" grow align="flex-start">
        <Select
          label={texts.type}
          data={TYPES.map((value) => ({ value, label: metering.meters.types[value] }))}
          value={draft.type}
          allowDeselect={false}
          onChange={(value) => onChange({ type: TYPES.find((one) => one === value) ?? "COUNT" })}
        />
        {needsField(draft) && !computed && (
          <Autocomplete
            label={texts.field}
            data={names}
            value={draft.field}
            onChange={(field) => onChange({ field })}
            required
          />
        )}
        {draft.type === "SUM_WITH_MULTIPLIER" && (
          <TextInput
            label={texts.multiplier}
            inputMode="decimal"
            value={draft.multiplier}
            onChange={(input) => onChange({ multiplier: input.currentTarget.value })}
          />
        )}
        {takesBucket(draft) && (
          <Select
            label={texts.bucket}
            placeholder={texts.noBucket}
            data={BUCKET_SIZES.map((value) => ({ value, label: texts.buckets[value] }))}
            value={draft.bucket}
            clearable
            clearButtonProps={{ "aria-label": `${texts.bucket}: ${texts.noBucket}` }}
            onChange={(value) => onChange({ bucket: BUCKET_SIZES.find((one) => one === value) ?? null })}
          />
        )}
      </Group>
      {takesExpression(draft) && (
        <Switch
          label={texts.computed}
          checked={draft.computed}
          onChange={(input) => onChange({ computed: input.currentTarget.checked })}
        />
      )}
      {computed && (
        <TextInput
          label={texts.expression}
          description={texts.expressionHint}
          placeholder="tokens * max(1, factor)"
          value={draft.expression}
          required
          onChange={(input) => onChange({ expression: input.currentTarget.value })}
        />
      )}
      {takesGroups(draft) && (
        <TagsInput
          label={texts.groups}
          description={texts.groupsHint}
          data={names}
          value={draft.groups}
          onChange={(groups) => onChange({ groups })}
        />
      )}
    </>
  );
}

/** Its names, and the button that makes it. */
function Naming({ draft }: { draft: Draft }) {
  const [, go] = useLocation();
  const [name, setName] = useState("");
  const [asFeature, setAsFeature] = useState(true);
  const [key, setKey] = useState<string | null>(null);
  const [unit, setUnit] = useState("");
  const [reset, setReset] = useState<"BILLING_PERIOD" | "NEVER">("BILLING_PERIOD");
  const lookupKey =
    key ??
    name
      .trim()
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "_");
  const complete = name.trim() !== "" && lackingOf(draft) === null;
  const { busy, failure, submit } = useSend(async () => {
    const meter = {
      name: name.trim(),
      event_name: draft.event,
      aggregation: aggregationOf(draft),
      filters: wholeConditions(draft.conditions),
      reset_usage: reset,
    };
    const id = asFeature
      ? (
          await ask(
            api.POST("/flexprice/v1/features", {
              body: {
                name: name.trim(),
                type: "metered",
                lookup_key: lookupKey,
                unit_singular: unit,
                unit_plural: unit && `${unit}s`,
                meter,
              },
            }),
          )
        ).meter_id
      : (await ask(api.POST("/flexprice/v1/meters", { body: meter }))).id;
    await queryClient.invalidateQueries({ queryKey: [METERS] });
    tell(texts.made);
    go(`/meters/${id}`);
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
        <TextInput
          label={texts.name}
          required
          value={name}
          maxLength={255}
          onChange={(input) => setName(input.currentTarget.value)}
        />
        <Select
          label={texts.reset}
          data={(["BILLING_PERIOD", "NEVER"] as const).map((value) => ({ value, label: texts.resets[value] }))}
          value={reset}
          allowDeselect={false}
          onChange={(value) => setReset(value === "NEVER" ? "NEVER" : "BILLING_PERIOD")}
        />
        <Switch
          label={texts.asFeature}
          description={texts.asFeatureHint}
          checked={asFeature}
          onChange={(input) => setAsFeature(input.currentTarget.checked)}
        />
        {asFeature && (
          <Group gap="sm" grow>
            <TextInput
              label={texts.lookupKey}
              value={lookupKey}
              onChange={(input) => setKey(input.currentTarget.value)}
            />
            <TextInput label={texts.unit} value={unit} onChange={(input) => setUnit(input.currentTarget.value)} />
          </Group>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={busy} disabled={!complete}>
            {texts.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
