import { MultiSelect, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, ask } from "@/api/client";
import { FormModal } from "@/parts/FormModal";
import { fieldErrors } from "@/parts/refusal";
import { useSend } from "@/parts/useSend";
import { texts } from "@/texts";
import { webhooks as words } from "@/texts/settings";
import { type Endpoint, type MessageType, TYPES } from "./webhooks";

interface Values {
  url: string;
  description: string;
  event_types: MessageType[];
  is_enabled: boolean;
}

interface EndpointFormProps {
  of?: Endpoint;
  onClose: () => void;
  /** secret: of a new endpoint. */
  onSaved: (secret: string | null) => void;
}

/** A new endpoint, or the settings of one. */
export function EndpointForm({ of, onClose, onSaved }: EndpointFormProps) {
  const form = useForm<Values>({
    initialValues: {
      url: of?.url ?? "https://",
      description: of?.description ?? "",
      event_types: of?.event_types ?? [],
      is_enabled: of?.is_enabled ?? true,
    },
  });
  const { busy, failure, submit } = useSend(async (body: Values) => {
    if (of) {
      await ask(api.PUT("/flexprice/v1/webhooks/endpoints/{id}", { params: { path: { id: of.id } }, body }));
      onSaved(null);
    } else onSaved((await ask(api.POST("/flexprice/v1/webhooks/endpoints", { body }))).secret);
  });
  const errors = fieldErrors(failure);
  return (
    <FormModal
      opened
      onClose={onClose}
      title={of ? words.editTitle : words.makeTitle}
      action={of ? texts.shell.save : texts.shell.create}
      busy={busy}
      failure={failure}
      onSubmit={form.onSubmit(submit)}
    >
      <TextInput
        label={words.url}
        description={words.urlHint}
        required
        data-autofocus
        {...form.getInputProps("url")}
        error={errors.url}
      />
      <MultiSelect
        label={words.types}
        description={words.typesHint}
        data={TYPES.map((value) => ({ value, label: words.typeNames[value] }))}
        clearable
        {...form.getInputProps("event_types")}
        error={errors.event_types}
      />
      <TextInput
        label={words.description}
        maxLength={255}
        {...form.getInputProps("description")}
        error={errors.description}
      />
      <Switch label={words.enabled} {...form.getInputProps("is_enabled", { type: "checkbox" })} />
    </FormModal>
  );
}
