/** What counts as a conversion on a website: an event of a name, views of a page, or both. */

import { Badge, Button, Group, NumberInput, SimpleGrid, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import type { paths } from "@/api/schema";
import { formatMoney } from "@/format/numbers";
import { Confirm } from "@/parts/Confirm";
import { FormModal } from "@/parts/FormModal";
import { RowButton } from "@/parts/RowButton";
import { fieldErrors } from "@/parts/refusal";
import { Answer } from "@/parts/states";
import { tellFailure } from "@/parts/tell";
import { useSend } from "@/parts/useSend";
import { useMay, useProject } from "@/state/session";
import { texts } from "@/texts";
import { conversions as words } from "@/texts/settings";

type Conversion =
  paths["/thebizness/api/websites/{id}/conversion-events"]["get"]["responses"][200]["content"]["application/json"]["conversion_events"][number];

interface Site {
  id: string;
  name: string;
  currency: string;
}

const keyOf = (projectId: string, siteId: string) => [projectId, "website-conversions", siteId];

export function Conversions({ of }: { of: Site }) {
  const project = useProject();
  const mayChange = useMay("member");
  const [adding, setAdding] = useState(false);
  const conversions = useAsk(keyOf(project.id, of.id), (signal) =>
    ask(api.GET("/thebizness/api/websites/{id}/conversion-events", { params: { path: { id: of.id } }, signal })),
  );
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600}>
          {words.title}
        </Text>
        {mayChange && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconPlus size={12} aria-hidden />}
            aria-label={words.addTo(of.name)}
            onClick={() => setAdding(true)}
          >
            {words.add}
          </Button>
        )}
      </Group>
      <Answer
        of={conversions}
        height={24}
        isEmpty={({ conversion_events }) => conversion_events.length === 0}
        empty={
          <Text size="xs" className="soft" mih={24}>
            {words.empty}
          </Text>
        }
      >
        {({ conversion_events }) => (
          <Stack gap={4} component="ul" p={0} m={0} aria-label={`${words.title}: ${of.name}`}>
            {conversion_events.map((one) => (
              <One key={one.id} of={one} mayChange={mayChange} />
            ))}
          </Stack>
        )}
      </Answer>
      {adding && <Add to={of} onClose={() => setAdding(false)} />}
    </Stack>
  );
}

/** Which events it is, in words. */
function sayWhich({ event_name, page }: Conversion): string {
  const where = typeof page === "object" && page !== null ? [page.value].flat().join(", ") : (page ?? "");
  return [event_name, where].filter(Boolean).join(" · ");
}

function One({ of, mayChange }: { of: Conversion; mayChange: boolean }) {
  const project = useProject();
  const [removing, setRemoving] = useState(false);
  const path = { id: of.website_id, conversion_event_id: of.id };
  const again = () => queryClient.invalidateQueries({ queryKey: keyOf(project.id, of.website_id) });
  const turn = async (is_active: boolean) => {
    try {
      const route = "/thebizness/api/websites/{id}/conversion-events/{conversion_event_id}";
      await ask(api.PUT(route, { params: { path }, body: { is_active } }));
    } catch (failure) {
      tellFailure(failure);
    }
    await again();
  };
  return (
    <Group component="li" gap="xs" justify="space-between" style={{ listStyle: "none" }}>
      <Group gap="xs">
        <Text size="sm">{of.name}</Text>
        <Text size="xs" className="soft" ff="monospace" style={{ overflowWrap: "anywhere" }}>
          {sayWhich(of)}
        </Text>
        {of.value !== null && of.value !== undefined && (
          <Badge variant="default" radius="sm" size="sm" tt="none">
            {formatMoney(of.value, of.currency)}
          </Badge>
        )}
      </Group>
      {mayChange && (
        <Group gap={4} wrap="nowrap">
          <Switch
            size="xs"
            checked={of.is_active}
            aria-label={words.counts(of.name)}
            onChange={({ currentTarget }) => void turn(currentTarget.checked)}
          />
          <RowButton name={words.delete(of.name)} onClick={() => setRemoving(true)}>
            <IconTrash size={14} />
          </RowButton>
        </Group>
      )}
      {removing && (
        <Confirm
          opened
          onClose={() => setRemoving(false)}
          title={words.delete(of.name)}
          action={words.deleteAction}
          onConfirm={async () => {
            const route = "/thebizness/api/websites/{id}/conversion-events/{conversion_event_id}";
            await ask(api.DELETE(route, { params: { path } }));
            await again();
          }}
        >
          {words.deleteAbout}
        </Confirm>
      )}
    </Group>
  );
}

interface Values {
  name: string;
  event_name: string;
  page: string;
  value: number | string;
  currency: string;
}

function Add({ to, onClose }: { to: Site; onClose: () => void }) {
  const project = useProject();
  const form = useForm<Values>({
    initialValues: { name: "", event_name: "", page: "", value: "", currency: to.currency },
    validate: { event_name: (given, { page }) => (given.trim() || page.trim() ? null : words.needsOne) },
  });
  const { busy, failure, submit } = useSend(async ({ name, event_name, page, value, currency }: Values) => {
    const body = {
      name,
      ...(event_name.trim() ? { event_name: event_name.trim() } : {}),
      ...(page.trim() ? { page: page.trim() } : {}),
      ...(value === "" ? {} : { value: Number(value), currency }),
    };
    await ask(api.POST("/thebizness/api/websites/{id}/conversion-events", { params: { path: { id: to.id } }, body }));
    await queryClient.invalidateQueries({ queryKey: keyOf(project.id, to.id) });
    onClose();
  });
  const errors = fieldErrors(failure);
  return (
    <FormModal
      opened
      onClose={onClose}
      title={words.addTo(to.name)}
      action={texts.shell.create}
      busy={busy}
      failure={failure}
      onSubmit={form.onSubmit(submit)}
    >
      <TextInput
        label={words.name}
        required
        maxLength={255}
        data-autofocus
        {...form.getInputProps("name")}
        error={errors.name}
      />
      <TextInput
        label={words.event}
        description={words.eventHint}
        {...form.getInputProps("event_name")}
        error={errors.event_name ?? form.errors.event_name}
      />
      <TextInput label={words.page} description={words.pageHint} {...form.getInputProps("page")} error={errors.page} />
      <SimpleGrid cols={2} spacing="sm">
        <NumberInput label={words.value} min={0} hideControls {...form.getInputProps("value")} error={errors.value} />
        <TextInput label={words.currency} maxLength={3} {...form.getInputProps("currency")} error={errors.currency} />
      </SimpleGrid>
    </FormModal>
  );
}
