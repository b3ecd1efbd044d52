import { Radio, Select, SimpleGrid, Stack, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, ask } from "@/api/client";
import { queryClient } from "@/api/queries";
import type { paths } from "@/api/schema";
import { BROWSER_ZONE, knownZones } from "@/format/times";
import { FormModal } from "@/parts/FormModal";
import { fieldErrors } from "@/parts/refusal";
import { useSend } from "@/parts/useSend";
import { useProject } from "@/state/session";
import { texts } from "@/texts";
import { websites as words } from "@/texts/settings";

export type WebsiteAnswer =
  paths["/thebizness/api/websites"]["get"]["responses"][200]["content"]["application/json"]["websites"][number];

interface Values {
  domain: string;
  name: string;
  timezone: string;
  currency: string;
  allowed_origins: string[];
  identity: "daily" | "cookie";
}

/** A new website, or the settings of one. */
export function WebsiteForm({ of, onClose }: { of?: WebsiteAnswer; onClose: () => void }) {
  const project = useProject();
  const form = useForm<Values>({
    initialValues: {
      domain: of?.domain ?? "",
      name: of?.name ?? "",
      timezone: of?.timezone ?? BROWSER_ZONE,
      currency: of?.currency ?? "USD",
      allowed_origins: of?.allowed_origins ?? [],
      identity: of?.identity ?? "daily",
    },
  });
  const { busy, failure, submit } = useSend(async (values: Values) => {
    const { name, ...rest } = values;
    const body = { ...rest, domain: rest.domain.trim(), name: name.trim() || rest.domain.trim() };
    if (of) await ask(api.PUT("/thebizness/api/websites/{id}", { params: { path: { id: of.id } }, body }));
    else await ask(api.POST("/thebizness/api/websites", { body }));
    await queryClient.invalidateQueries({ queryKey: [project.id, "websites"] });
    onClose();
  });
  const errors = fieldErrors(failure);
  return (
    <FormModal
      opened
      onClose={onClose}
      title={of ? words.editTitle(of.name) : words.makeTitle}
      action={of ? texts.shell.save : texts.shell.create}
      busy={busy}
      failure={failure}
      onSubmit={form.onSubmit(submit)}
    >
      <TextInput
        label={words.domain}
        placeholder="example.com"
        required
        data-autofocus
        {...form.getInputProps("domain")}
        error={errors.domain}
      />
      <TextInput
        label={words.name}
        description={words.nameHint}
        maxLength={255}
        {...form.getInputProps("name")}
        error={errors.name}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <Select
          label={words.timezone}
          description={words.timezoneHint}
          data={knownZones()}
          searchable
          allowDeselect={false}
          {...form.getInputProps("timezone")}
          error={errors.timezone}
        />
        <TextInput
          label={words.currency}
          description={words.currencyHint}
          required
          maxLength={3}
          {...form.getInputProps("currency")}
          error={errors.currency}
        />
      </SimpleGrid>
      <TagsInput
        label={words.origins}
        description={words.originsHint}
        {...form.getInputProps("allowed_origins")}
        error={errors.allowed_origins}
      />
      <Radio.Group label={words.identity} {...form.getInputProps("identity")} error={errors.identity}>
        <Stack gap={6} mt={4}>
          <Radio size="sm" value="daily" label={words.identities.daily} />
          <Radio size="sm" value="cookie" label={words.identities.cookie} />
        </Stack>
      </Radio.Group>
    </FormModal>
  );
}
