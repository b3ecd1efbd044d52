import { Button, Group, Stack, Text } from "@mantine/core";
import { IconKey, IconPencil, IconPlus, IconSend, IconTrash, IconWebhook } from "@tabler/icons-react";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import { Confirm } from "@/parts/Confirm";
import { type Column, DataTable } from "@/parts/DataTable";
import { Panel } from "@/parts/Panel";
import { RowButton } from "@/parts/RowButton";
import { Answer, Empty } from "@/parts/states";
import { tell, tellFailure } from "@/parts/tell";
import { useProject } from "@/state/session";
import { settings, webhooks as words } from "@/texts/settings";
import { DeliveriesPanel } from "./DeliveriesPanel";
import { EndpointForm } from "./EndpointForm";
import { ShownOnce } from "./ShownOnce";
import { StateMark } from "./StateMark";
import { useNarrow } from "./useNarrow";
import type { Endpoint } from "./webhooks";

type Doing = { what: "make" } | { what: "edit" | "delete"; endpoint: Endpoint } | null;

export default function WebhooksTab() {
  const project = useProject();
  const [doing, setDoing] = useState<Doing>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const key = [project.id, "webhooks"];
  const endpoints = useAsk([...key, "endpoints"], (signal) =>
    ask(api.GET("/flexprice/v1/webhooks/endpoints", { params: { query: { limit: 100 } }, signal })),
  );
  const narrow = useNarrow();
  const close = () => setDoing(null);
  const again = () => void queryClient.invalidateQueries({ queryKey: key });
  const act = async (does: () => Promise<unknown>) => {
    try {
      await does();
    } catch (failure) {
      tellFailure(failure);
    }
  };
  const test = (id: string) =>
    act(async () => {
      await ask(api.POST("/flexprice/v1/webhooks/endpoints/{id}/test", { params: { path: { id } } }));
      tell(words.tested);
      again();
    });
  const show = (id: string) =>
    act(async () => {
      const asked = { params: { path: { id } } };
      setSecret((await ask(api.GET("/flexprice/v1/webhooks/endpoints/{id}/secret", asked))).secret);
    });
  const make = (
    <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setDoing({ what: "make" })}>
      {words.make}
    </Button>
  );
  return (
    <Stack gap="md">
      <Panel title={settings.tabs.webhooks} about={words.about} actions={make} flush>
        <Answer
          of={endpoints}
          height={96}
          isEmpty={({ items }) => items.length === 0}
          empty={
            <Empty
              title={words.empty}
              hint={words.emptyHint}
              icon={<IconWebhook size={28} aria-hidden />}
              height={180}
            />
          }
        >
          {({ items }) => (
            <DataTable
              label={settings.tabs.webhooks}
              columns={columnsOf(setDoing, test, show, narrow).filter(({ id }) => !narrow || id !== "types")}
              rows={items}
              rowKey={({ id }) => id}
              minWidth={narrow ? 300 : 680}
            />
          )}
        </Answer>
      </Panel>
      <DeliveriesPanel endpoints={endpoints.data?.items ?? []} />
      {doing?.what === "make" && (
        <EndpointForm
          onClose={close}
          onSaved={(told) => {
            close();
            if (told) setSecret(told);
            again();
          }}
        />
      )}
      {doing?.what === "edit" && (
        <EndpointForm
          of={doing.endpoint}
          onClose={close}
          onSaved={() => {
            close();
            again();
          }}
        />
      )}
      {doing?.what === "delete" && (
        <Confirm
          opened
          onClose={close}
          title={words.delete(doing.endpoint.url)}
          action={words.deleteAction}
          onConfirm={async () => {
            const asked = { params: { path: { id: doing.endpoint.id } } };
            await ask(api.DELETE("/flexprice/v1/webhooks/endpoints/{id}", asked));
            again();
          }}
        >
          {words.deleteAbout}
        </Confirm>
      )}
      <ShownOnce
        value={secret}
        title={words.secretTitle}
        hint={words.secretHint}
        label={words.secretTitle}
        onClose={() => setSecret(null)}
      />
    </Stack>
  );
}

function columnsOf(
  act: (doing: Doing) => void,
  test: (id: string) => Promise<void>,
  show: (id: string) => Promise<void>,
  narrow: boolean,
): Column<Endpoint>[] {
  return [
    {
      id: "url",
      title: words.url,
      cell: ({ url, description }) => (
        <Stack gap={0}>
          <Text size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
            {url}
          </Text>
          {description && (
            <Text size="xs" className="soft">
              {description}
            </Text>
          )}
        </Stack>
      ),
    },
    {
      id: "types",
      title: words.types,
      cell: ({ event_types = [] }) =>
        event_types.length ? event_types.map((type) => words.typeNames[type]).join(", ") : words.everything,
    },
    {
      id: "enabled",
      title: words.state,
      cell: ({ is_enabled }) => (
        <StateMark kind={is_enabled ? "good" : "off"} name={is_enabled ? words.enabled : words.disabled} />
      ),
    },
    {
      id: "actions",
      title: settings.actions,
      hiddenTitle: true,
      number: true,
      cell: (endpoint) => (
        <Group gap={2} wrap={narrow ? "wrap" : "nowrap"} justify="flex-end">
          <RowButton name={`${words.test}: ${endpoint.url}`} onClick={() => void test(endpoint.id)}>
            <IconSend size={16} />
          </RowButton>
          <RowButton name={`${words.showSecret}: ${endpoint.url}`} onClick={() => void show(endpoint.id)}>
            <IconKey size={16} />
          </RowButton>
          <RowButton name={words.edit(endpoint.url)} onClick={() => act({ what: "edit", endpoint })}>
            <IconPencil size={16} />
          </RowButton>
          <RowButton name={words.delete(endpoint.url)} onClick={() => act({ what: "delete", endpoint })}>
            <IconTrash size={16} />
          </RowButton>
        </Group>
      ),
    },
  ];
}
