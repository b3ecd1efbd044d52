/** Customers, found by name; the newest first. */

import { Button, Group, TextInput } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { formatDay } from "@/format/times";
import { DataTable } from "@/parts/DataTable";
import { Page } from "@/parts/Page";
import { Pager } from "@/parts/Pager";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { useMay, useProject } from "@/state/session";
import { text, useUrlState } from "@/state/url";
import { metering } from "@/texts/metering";
import { CUSTOMERS } from "./ask";

// Who only looks needs none of its fields.
const CustomerForm = lazy(() => import("./CustomerForm").then((file) => ({ default: file.CustomerForm })));

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
              <Pager
                offset={pagination.offset}
                shown={items.length}
                total={pagination.total}
                size={PAGE}
                onChange={(next) => change({ from: String(next) })}
              />
            </>
          )}
        </Answer>
      </Panel>
      {making && (
        <Suspense>
          <CustomerForm onClose={close} onSaved={(id) => go(`/customers/${id}`)} />
        </Suspense>
      )}
    </Page>
  );
}
