import { Button, Code, Group, Stack, Text } from "@mantine/core";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import type { paths } from "@/api/schema";
import { formatTime } from "@/format/times";
import { type Column, DataTable } from "@/parts/DataTable";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { useProject } from "@/state/session";
import { text, useUrlState } from "@/state/url";
import { audit as words } from "@/texts/settings";
import { useNarrow } from "./useNarrow";

type Entry = paths["/console/v1/audit"]["get"]["responses"][200]["content"]["application/json"]["entries"][number];

const STATE = { before: text() };
const PAGE = 50;

const COLUMNS: Column<Entry>[] = [
  {
    id: "at",
    title: words.at,
    width: 150,
    cell: ({ at }) => (
      <time dateTime={at} className="figures" style={{ whiteSpace: "nowrap" }}>
        {formatTime(at)}
      </time>
    ),
  },
  {
    id: "who",
    title: words.who,
    cell: ({ actor }) => (
      <Group gap={6} wrap="nowrap">
        <Text size="sm">{actor.name || actor.id}</Text>
        {actor.kind !== "user" && (
          <Text size="xs" className="soft">
            {words.kinds[actor.kind]}
          </Text>
        )}
      </Group>
    ),
  },
  {
    id: "what",
    title: words.what,
    cell: ({ action, target }) => (
      <Stack gap={2}>
        <Code w="fit-content">{action}</Code>
        {target && (
          <Text ff="monospace" size="xs" className="soft">
            {target}
          </Text>
        )}
      </Stack>
    ),
  },
  {
    id: "detail",
    title: words.detail,
    cell: ({ detail }) => <span style={{ overflowWrap: "anywhere" }}>{detail || "–"}</span>,
  },
];

/** On a phone: all of an entry below one another. */
const NARROW_COLUMNS: Column<Entry>[] = [
  {
    id: "entry",
    title: words.what,
    cell: ({ at, actor, action, target, detail }) => (
      <Stack gap={2}>
        <Group justify="space-between" gap="xs">
          <Code>{action}</Code>
          <time dateTime={at} className="soft figures">
            {formatTime(at)}
          </time>
        </Group>
        <Text size="sm">{actor.name || actor.id}</Text>
        <Text size="xs" className="soft" style={{ overflowWrap: "anywhere" }}>
          {[target, detail].filter(Boolean).join(" · ")}
        </Text>
      </Stack>
    ),
  },
];

export default function AuditTab() {
  const narrow = useNarrow();
  const project = useProject();
  const [{ before }, change] = useUrlState(STATE);
  const log = useAsk([project.id, "audit", before], (signal) =>
    ask(api.GET("/console/v1/audit", { params: { query: { limit: PAGE, ...(before ? { before } : {}) } }, signal })),
  );
  return (
    <Panel title={words.list} about={words.about} flush>
      <Answer
        of={log}
        height={320}
        isEmpty={({ entries }) => entries.length === 0 && !before}
        empty={<Empty title={words.empty} />}
      >
        {({ entries, next }) => (
          <Stack gap={0}>
            <DataTable
              label={words.list}
              columns={narrow ? NARROW_COLUMNS : COLUMNS}
              rows={entries}
              rowKey={({ id }) => id}
              minWidth={narrow ? 300 : 760}
            />
            {(before || next) && (
              <Group justify="space-between" p="sm">
                <Button variant="default" size="xs" disabled={!before} onClick={() => change({ before: "" })}>
                  {words.newest}
                </Button>
                <Button variant="default" size="xs" disabled={!next} onClick={() => next && change({ before: next })}>
                  {words.older}
                </Button>
              </Group>
            )}
          </Stack>
        )}
      </Answer>
    </Panel>
  );
}
