/** A customer as people make or change one. */
import { Autocomplete, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, ask } from "@/api/client";
import { queryClient } from "@/api/queries";
import { knownZones } from "@/format/times";
import { FormModal } from "@/parts/FormModal";
import { fieldErrors } from "@/parts/refusal";
import { tell } from "@/parts/tell";
import { useSend } from "@/parts/useSend";
import { texts as all } from "@/texts";
import { metering } from "@/texts/metering";
import { CUSTOMERS } from "./ask";
import { CustomerSelect } from "./CustomerSelect";

const { customers: texts } = metering;

export interface Customer {
  id: string;
  external_id: string;
  name: string;
  email: string;
  timezone: string;
  aliases: string[];
  parent_customer_id?: string;
  created_at: string;
}

interface CustomerFormProps {
  /** Whom to change; without it a new one is made. */
  of?: Customer;
  /** The external id of the one it belongs to. */
  parent?: string;
  onClose: () => void;
  onSaved?: (id: string) => void;
}

export function CustomerForm({ of, parent = "", onClose, onSaved }: CustomerFormProps) {
  const form = useForm({
    initialValues: {
      external_id: of?.external_id ?? "",
      name: of?.name ?? "",
      email: of?.email ?? "",
      timezone: of?.timezone ?? "",
      aliases: of?.aliases ?? [],
      parent_external_id: parent,
    },
  });
  const { busy, failure, submit } = useSend(async (values: typeof form.values) => {
    const { timezone, parent_external_id, email, ...rest } = values;
    const body = {
      ...rest,
      ...(of || email ? { email } : {}),
      ...(timezone ? { timezone } : {}),
      ...(parent_external_id !== parent ? { parent_external_id } : {}),
    };
    const saved = of
      ? await ask(api.PUT("/flexprice/v1/customers/{id}", { params: { path: { id: of.id } }, body }))
      : await ask(api.POST("/flexprice/v1/customers", { body }));
    await Promise.all(["usage", CUSTOMERS].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
    tell(of ? texts.saved : texts.made);
    onClose();
    onSaved?.(saved.id);
  });
  const errors = fieldErrors(failure);
  return (
    <FormModal
      opened
      onClose={onClose}
      title={of ? texts.edit : texts.create}
      action={of ? all.shell.save : all.shell.create}
      busy={busy}
      failure={failure}
      onSubmit={form.onSubmit(submit)}
    >
      <TextInput label={texts.name} required data-autofocus {...form.getInputProps("name")} error={errors.name} />
      <TextInput
        label={texts.externalId}
        description={texts.externalIdHint}
        required
        {...form.getInputProps("external_id")}
        error={errors.external_id}
      />
      <TextInput label={texts.email} type="email" {...form.getInputProps("email")} error={errors.email} />
      <Autocomplete
        label={texts.zone}
        description={texts.zoneHint}
        placeholder="UTC"
        data={knownZones()}
        limit={50}
        {...form.getInputProps("timezone")}
        error={errors.timezone}
      />
      <TagsInput
        label={texts.aliases}
        description={texts.aliasesHint}
        {...form.getInputProps("aliases")}
        error={errors.aliases}
      />
      <CustomerSelect
        label={texts.parent}
        placeholder={texts.nobody}
        value={form.values.parent_external_id}
        onChange={(id) => form.setFieldValue("parent_external_id", id)}
      />
    </FormModal>
  );
}
