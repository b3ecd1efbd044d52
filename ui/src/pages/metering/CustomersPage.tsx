/** Customers, found by name; the newest first. */
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import { formatDay } from "@/format/times";
import { fieldErrors, Why } from "@/pages/people/Entrance";
import { useSend } from "@/pages/people/useSend";
import { DataTable } from "@/parts/DataTable";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { tell } from "@/parts/tell";
import { useMay, useProject } from "@/state/session";
import { text, useUrlState } from "@/state/url";
import { texts as all } from "@/texts";
import { metering } from "@/texts/metering";
import { CUSTOMERS } from "./ask";

const { customers: texts } = metering;
const PAGE = 50;
const fields = { search: text(), from: text("0") } as const;

export default function CustomersPage() {
  const project = useProject();
  const [{ search, from }, change] = useUrlState(fields);
  const [, go] = useLocation();
  const [making, { open, close }] = useDisclosure(false);
  const may = useMay("member");
  const offset = Math.max(0, Number.parseInt(from, 10) || 0);
  const [typed, setTyped] = useState(search);
  const [settled] = useDebouncedValue(typed.trim(), 300);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was typed goes into the link, not the other way round
  useEffect(() => {
    if (settled !== search) change({ search: settled, from: "0" }, { replace: true });
  }, [settled]);
  const body = {
    limit: PAGE,
    offset,
    ...(search
      ? { filters: [{ field: "name" as const, operator: "contains" as const, value: { string: search } }] }
      : {}),
  };
  const found = useAsk([CUSTOMERS, project.id, search, offset], (signal) =>
    ask(api.POST("/flexprice/v1/customers/search", { body, signal })),
  );
  const create = may && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
      {texts.create}
    </Button>
  );
  return (
    <Page title={texts.title} about={texts.about} actions={create}>
      <Panel flush>
        <Group p="md" pb="xs">
          <TextInput
            aria-label={texts.search}
            placeholder={texts.search}
            leftSection={<IconSearch size={16} aria-hidden />}
            value={typed}
            onChange={(input) => setTyped(input.currentTarget.value)}
            w={{ base: "100%", xs: 280 }}
          />
        </Group>
        <Answer
          of={found}
          height={360}
          isEmpty={({ items }) => items.length === 0}
          empty={
            search ? (
              <Empty title={texts.notFound} height={360} />
            ) : (
              <Empty title={texts.none} hint={texts.noneHint} action={create} height={360} />
            )
          }
        >
          {({ items, pagination }) => (
            <>
              <DataTable
                label={texts.title}
                rows={items}
                rowKey={({ id }) => id}
                onRow={({ id }) => go(`/customers/${id}`)}
                rowLabel={({ name, external_id }) => texts.open(name || external_id)}
                minWidth={620}
                columns={[
                  {
                    id: "name",
                    title: texts.name,
                    cell: ({ name, external_id }) => name || external_id,
                    by: ({ name }) => name.toLowerCase(),
                  },
                  {
                    id: "external",
                    title: texts.externalId,
                    cell: ({ external_id }) => external_id,
                    by: ({ external_id }) => external_id,
                  },
                  { id: "email", title: texts.email, cell: ({ email }) => email || "–" },
                  {
                    id: "created",
                    title: texts.created,
                    cell: ({ created_at }) => formatDay(created_at),
                    by: ({ created_at }) => created_at,
                  },
                ]}
              />
              <Group justify="flex-end" p="xs" gap="sm">
                <Text size="sm" className="soft figures">
                  {texts.page(pagination.offset + 1, pagination.offset + items.length, pagination.total)}
                </Text>
                <Button
                  size="xs"
                  variant="default"
                  disabled={offset === 0}
                  onClick={() => change({ from: String(Math.max(0, offset - PAGE)) })}
                >
                  {texts.before}
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  disabled={offset + items.length >= pagination.total}
                  onClick={() => change({ from: String(offset + PAGE) })}
                >
                  {texts.next}
                </Button>
              </Group>
            </>
          )}
        </Answer>
      </Panel>
      <Modal opened={making} onClose={close} title={texts.create} closeButtonProps={{ "aria-label": all.shell.close }}>
        <NewCustomer
          onMade={(id) => {
            close();
            go(`/customers/${id}`);
          }}
        />
      </Modal>
    </Page>
  );
}

function NewCustomer({ onMade }: { onMade: (id: string) => void }) {
  const [zone] = useState("");
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { external_id: "", name: "", email: "", timezone: zone },
  });
  const { busy, failure, submit } = useSend(
    async (values: { external_id: string; name: string; email: string; timezone: string }) => {
      const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
      const made = await ask(
        api.POST("/flexprice/v1/customers", { body: { ...given, external_id: values.external_id, name: values.name } }),
      );
      await queryClient.invalidateQueries({ queryKey: [CUSTOMERS] });
      tell(texts.made);
      onMade(made.id);
    },
  );
  const errors = fieldErrors(failure);
  return (
    <form onSubmit={form.onSubmit(submit)}>
      <Stack gap="sm">
        <Why failure={failure} />
        <TextInput
          label={texts.name}
          required
          data-autofocus
          key={form.key("name")}
          {...form.getInputProps("name")}
          error={errors.name}
        />
        <TextInput
          label={texts.externalId}
          description={texts.externalIdHint}
          required
          key={form.key("external_id")}
          {...form.getInputProps("external_id")}
          error={errors.external_id}
        />
        <TextInput
          label={texts.email}
          type="email"
          key={form.key("email")}
          {...form.getInputProps("email")}
          error={errors.email}
        />
        <TextInput
          label={texts.zone}
          placeholder="UTC"
          key={form.key("timezone")}
          {...form.getInputProps("timezone")}
          error={errors.timezone}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {all.shell.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
