import { Button, Drawer, Group, Select, Stack, Text } from "@mantine/core";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import { formatNumber } from "@/format/numbers";
import { formatAgo, formatTime } from "@/format/times";
import { type Column, DataTable } from "@/parts/DataTable";
import { Panel } from "@/parts/Panel";
import { Snippet } from "@/parts/Snippet";
import { Answer, Empty } from "@/parts/states";
import { tell, tellFailure } from "@/parts/tell";
import { useProject } from "@/state/session";
import { choice, text, useUrlState } from "@/state/url";
import { texts } from "@/texts";
import { webhooks as words } from "@/texts/settings";
import { StateMark } from "./StateMark";
import { useNarrow } from "./useNarrow";
import type { Delivery, Endpoint } from "./webhooks";

type State = Delivery["state"];

const STATES: readonly State[] = ["pending", "delivered", "dead"];
const STATE = {
  endpoint: text(),
  state: choice<State | "any">(["any", ...STATES], "any"),
  from: text("0"),
  delivery: text(),
};
const PAGE = 25;
const AGAIN_MS = 4_000;
const KINDS = { pending: "waiting", delivered: "good", dead: "bad" } as const;

/** What became of each message; looks again by itself. */
export function DeliveriesPanel({ endpoints }: { endpoints: readonly Endpoint[] }) {
  const project = useProject();
  const [{ endpoint, state, from, delivery }, change] = useUrlState(STATE);
  const offset = Math.max(0, Number.parseInt(from, 10) || 0);
  const deliveries = useAsk(
    [project.id, "webhooks", "deliveries", endpoint, state, offset],
    (signal) =>
      ask(
        api.GET("/flexprice/v1/webhooks/deliveries", {
          params: {
            query: {
              limit: PAGE,
              offset,
              ...(endpoint ? { endpoint_id: endpoint } : {}),
              ...(state === "any" ? {} : { state }),
            },
          },
          signal,
        }),
      ),
    { every: AGAIN_MS },
  );
  const narrow = useNarrow();
  const urls = new Map(endpoints.map(({ id, url }) => [id, url]));
  return (
    <Panel
      title={words.deliveries}
      flush
      actions={
        <Group gap="xs">
          <Select
            size="xs"
            aria-label={words.endpoint}
            value={endpoint}
            allowDeselect={false}
            data={[
              { value: "", label: words.allEndpoints },
              ...endpoints.map(({ id, url }) => ({ value: id, label: url })),
            ]}
            onChange={(id) => change({ endpoint: id ?? "", from: "0" })}
          />
          <Select
            size="xs"
            w={130}
            aria-label={words.state}
            value={state}
            allowDeselect={false}
            data={[
              { value: "any", label: words.anyState },
              ...STATES.map((value) => ({ value, label: words.states[value] })),
            ]}
            onChange={(chosen) => change({ state: (chosen ?? "any") as State | "any", from: "0" })}
          />
        </Group>
      }
    >
      <Answer
        of={deliveries}
        height={200}
        isEmpty={({ items }) => items.length === 0}
        empty={<Empty title={words.deliveriesEmpty} hint={words.deliveriesHint} height={200} />}
      >
        {({ items, pagination }) => (
          <Stack gap={0}>
            <DataTable
              label={words.deliveries}
              columns={columnsOf(urls).filter(({ id }) => !narrow || NARROW.has(id))}
              rows={items}
              rowKey={({ id }) => id}
              onRow={({ id }) => change({ delivery: id })}
              rowLabel={(one) => words.open(words.typeNames[one.event_type], formatTime(one.created_at))}
              minWidth={narrow ? 300 : 680}
            />
            {pagination.total > PAGE && (
              <Group justify="space-between" p="sm">
                <Button
                  variant="default"
                  size="xs"
                  disabled={offset === 0}
                  onClick={() => change({ from: String(Math.max(0, offset - PAGE)) })}
                >
                  {words.newer}
                </Button>
                <Text size="xs" className="soft figures">
                  {texts.shell.of(`${offset + 1}–${offset + items.length}`, formatNumber(pagination.total))}
                </Text>
                <Button
                  variant="default"
                  size="xs"
                  disabled={offset + PAGE >= pagination.total}
                  onClick={() => change({ from: String(offset + PAGE) })}
                >
                  {words.older}
                </Button>
              </Group>
            )}
          </Stack>
        )}
      </Answer>
      <Opened id={delivery} urls={urls} onClose={() => change({ delivery: "" })} />
    </Panel>
  );
}

const NARROW = new Set(["type", "state", "made"]);

function columnsOf(urls: ReadonlyMap<string, string>): Column<Delivery>[] {
  return [
    { id: "type", title: words.type, cell: ({ event_type }) => words.typeNames[event_type] },
    { id: "endpoint", title: words.endpoint, cell: ({ endpoint_id }) => urls.get(endpoint_id) ?? endpoint_id },
    { id: "state", title: words.state, cell: (one) => <DeliveryState of={one} /> },
    { id: "answer", title: words.answer, cell: answerOf },
    { id: "tries", title: words.attempts, number: true, cell: ({ attempts }) => formatNumber(attempts) },
    {
      id: "made",
      title: words.made,
      cell: ({ created_at }) => (
        <time dateTime={created_at} title={formatTime(created_at)}>
          {formatAgo(created_at)}
        </time>
      ),
    },
  ];
}

const answerOf = ({ last_status, last_error }: Delivery): string =>
  last_error || (last_status ? String(last_status) : "–");

function DeliveryState({ of }: { of: Delivery }) {
  return (
    <Group gap={6} wrap="nowrap">
      <StateMark kind={KINDS[of.state]} name={words.states[of.state]} />
      {of.state === "pending" && of.attempts > 0 && of.next_attempt_at && (
        <Text size="xs" className="soft">
          {words.next(formatAgo(of.next_attempt_at))}
        </Text>
      )}
    </Group>
  );
}

function Opened({ id, urls, onClose }: { id: string; urls: ReadonlyMap<string, string>; onClose: () => void }) {
  const project = useProject();
  const delivery = useAsk(
    [project.id, "webhooks", "delivery", id],
    (signal) => ask(api.GET("/flexprice/v1/webhooks/deliveries/{id}", { params: { path: { id } }, signal })),
    { when: id !== "", every: AGAIN_MS },
  );
  const retry = async () => {
    try {
      await ask(api.POST("/flexprice/v1/webhooks/deliveries/{id}/retry", { params: { path: { id } } }));
      tell(words.retried);
      await queryClient.invalidateQueries({ queryKey: [project.id, "webhooks"] });
    } catch (failure) {
      tellFailure(failure);
    }
  };
  return (
    <Drawer
      opened={id !== ""}
      onClose={onClose}
      position="right"
      size={520}
      title={words.delivery}
      closeButtonProps={{ "aria-label": texts.shell.close }}
    >
      {id !== "" && (
        <Answer of={delivery} height={320}>
          {(one) => (
            <Stack gap="sm">
              <Group justify="space-between">
                <Text fw={600}>{words.typeNames[one.event_type]}</Text>
                <DeliveryState of={one} />
              </Group>
              <Text size="sm" className="soft" style={{ overflowWrap: "anywhere" }}>
                {urls.get(one.endpoint_id) ?? one.endpoint_id} · {formatTime(one.created_at)}
              </Text>
              <Text size="sm">
                {words.answer}: {answerOf(one)} · {words.attempts}: {formatNumber(one.attempts)}
              </Text>
              <Snippet code={JSON.stringify(one.payload, null, 2)} label={words.payload} />
              <Group justify="flex-end">
                <Button variant="default" onClick={() => void retry()}>
                  {words.retry}
                </Button>
              </Group>
            </Stack>
          )}
        </Answer>
      )}
    </Drawer>
  );
}
