import { Checkbox, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import type { paths } from "@/api/schema";
import { dayOf } from "@/format/times";
import { FormModal } from "@/parts/FormModal";
import { fieldErrors } from "@/parts/refusal";
import { useSend } from "@/parts/useSend";
import { useProject } from "@/state/session";
import { keys as words } from "@/texts/settings";

export type KeyAnswer =
  paths["/console/v1/keys"]["get"]["responses"][200]["content"]["application/json"]["keys"][number];
type Scope = KeyAnswer["scopes"][number];
type Door = KeyAnswer["door"];

const SCOPES: readonly Scope[] = ["ingest", "read", "admin"];
const DOORS: readonly Door[] = ["any", "solinth", "thebizness", "flexprice"];

interface Values {
  name: string;
  scopes: Scope[];
  door: Door;
  plan: string;
  expires: string;
}

export function NewKey({ onClose, onMade }: { onClose: () => void; onMade: (secret: string) => void }) {
  const project = useProject();
  const plans = useAsk([project.id, "plans"], (signal) => ask(api.GET("/console/v1/plans", { signal })));
  const form = useForm<Values>({
    initialValues: { name: "", scopes: ["ingest", "read"], door: "any", plan: "unlimited", expires: "" },
  });
  const { busy, failure, submit } = useSend(async ({ expires, ...values }: Values) => {
    // The last day counts whole, in the person's own zone.
    const expires_at = expires ? new Date(`${expires}T23:59:59`).toISOString() : null;
    onMade((await ask(api.POST("/console/v1/keys", { body: { ...values, expires_at } }))).secret);
  });
  const errors = fieldErrors(failure);
  return (
    <FormModal
      opened
      onClose={onClose}
      title={words.makeTitle}
      action={words.make}
      busy={busy}
      failure={failure}
      onSubmit={form.onSubmit(submit)}
    >
      <TextInput
        label={words.name}
        placeholder={words.namePlaceholder}
        required
        maxLength={255}
        data-autofocus
        {...form.getInputProps("name")}
        error={errors.name}
      />
      <Checkbox.Group label={words.scopes} {...form.getInputProps("scopes")} error={errors.scopes}>
        <Stack gap={6} mt={4}>
          {SCOPES.map((scope) => (
            <Checkbox
              key={scope}
              value={scope}
              size="sm"
              label={words.scopeNames[scope]}
              description={words.scopeHints[scope]}
            />
          ))}
        </Stack>
      </Checkbox.Group>
      <Select
        label={words.door}
        description={words.doorHint}
        data={DOORS.map((value) => ({ value, label: words.doors[value] }))}
        allowDeselect={false}
        {...form.getInputProps("door")}
        error={errors.door}
      />
      <Select
        label={words.plan}
        data={plans.data?.plans.map(({ name }) => name) ?? ["unlimited"]}
        allowDeselect={false}
        {...form.getInputProps("plan")}
        error={errors.plan}
      />
      <TextInput
        type="date"
        label={words.expires}
        description={words.expiresHint}
        min={dayOf(new Date(), "UTC")}
        {...form.getInputProps("expires")}
        error={errors.expires_at}
      />
    </FormModal>
  );
}
