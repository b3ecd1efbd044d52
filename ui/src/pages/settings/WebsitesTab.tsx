import { Anchor, Button, Code, Group, Stack, Text } from "@mantine/core";
import { IconPencil, IconPlus, IconTrash, IconWorld } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "wouter";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import { formatNumber } from "@/format/numbers";
import { formatAgo, formatTime } from "@/format/times";
import { Confirm } from "@/parts/Confirm";
import { Copy } from "@/parts/Copy";
import { Panel } from "@/parts/Panel";
import { RowButton } from "@/parts/RowButton";
import { Snippet } from "@/parts/Snippet";
import { Answer, Empty } from "@/parts/states";
import { useMay, useProject } from "@/state/session";
import { websites as words } from "@/texts/settings";
import { Conversions } from "./Conversions";
import { StateMark } from "./StateMark";
import { type WebsiteAnswer, WebsiteForm } from "./WebsiteForm";

type Doing = { what: "make" } | { what: "edit" | "delete"; site: WebsiteAnswer } | null;

export default function WebsitesTab() {
  const project = useProject();
  const mayChange = useMay("member");
  const [doing, setDoing] = useState<Doing>(null);
  const sites = useAsk([project.id, "websites", "all"], (signal) =>
    ask(api.GET("/thebizness/api/websites", { params: { query: { limit: 1000 } }, signal })),
  );
  const close = () => setDoing(null);
  const make = mayChange && (
    <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setDoing({ what: "make" })}>
      {words.make}
    </Button>
  );
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="xs">
        <Text size="sm" className="soft">
          {words.about}
        </Text>
        {make}
      </Group>
      <Answer
        of={sites}
        height={240}
        isEmpty={({ websites }) => websites.length === 0}
        empty={
          <div className="panel">
            <Empty
              title={words.empty}
              hint={words.emptyHint}
              action={make}
              icon={<IconWorld size={28} aria-hidden />}
            />
          </div>
        }
      >
        {({ websites }) => (
          <Stack gap="md">
            {websites.map((site) => (
              <Website key={site.id} of={site} act={setDoing} />
            ))}
          </Stack>
        )}
      </Answer>
      {doing?.what === "make" && <WebsiteForm onClose={close} />}
      {doing?.what === "edit" && <WebsiteForm of={doing.site} onClose={close} />}
      {doing?.what === "delete" && <Delete of={doing.site} onClose={close} />}
    </Stack>
  );
}

function Website({ of, act }: { of: WebsiteAnswer; act: (doing: Doing) => void }) {
  const mayChange = useMay("member");
  const mayDelete = useMay("admin");
  return (
    <Panel
      title={of.name}
      about={`${of.domain} · ${of.timezone} · ${of.currency}`}
      actions={
        <>
          {mayChange && (
            <RowButton name={words.edit(of.name)} onClick={() => act({ what: "edit", site: of })}>
              <IconPencil size={16} />
            </RowButton>
          )}
          {mayDelete && (
            <RowButton name={words.delete(of.name)} onClick={() => act({ what: "delete", site: of })}>
              <IconTrash size={16} />
            </RowButton>
          )}
        </>
      }
    >
      <Stack gap="sm">
        <Check of={of} />
        <Snippet code={of.snippet} label={`${words.snippet}: ${of.name}`} />
        <Group justify="space-between" gap="xs">
          <Text size="xs" className="soft">
            {words.snippetHint}
          </Text>
          <Group gap={4} wrap="nowrap">
            <Text size="xs" className="soft">
              {words.id}
            </Text>
            <Code>{of.id}</Code>
            <Copy text={of.id} label={words.id} />
          </Group>
        </Group>
        <Conversions of={of} />
      </Stack>
    </Panel>
  );
}

const WAITING_MS = 3_000;
const RECEIVING_MS = 20_000;

/** Whether its events arrive; looks again by itself, more often until the first one came. */
function Check({ of }: { of: WebsiteAnswer }) {
  const project = useProject();
  const [receives, setReceives] = useState(false);
  const check = useAsk(
    [project.id, "website-check", of.id],
    async (signal) => {
      const found = await ask(api.GET("/console/v1/websites/{id}/check", { params: { path: { id: of.id } }, signal }));
      setReceives(found.state === "receiving");
      return found;
    },
    { every: receives ? RECEIVING_MS : WAITING_MS },
  );
  return (
    <Answer of={check} height={26}>
      {({ state, last_at, last_page, events_last_hour }) => (
        <Group justify="space-between" gap="xs" role="status">
          <Group gap="xs">
            <StateMark
              kind={state === "receiving" ? "good" : "waiting"}
              name={state === "receiving" ? words.receiving : words.waiting}
            />
            {last_at && (
              <Text size="sm" className="soft figures" title={formatTime(last_at)}>
                {[
                  words.last(formatAgo(last_at)),
                  last_page ? words.lastPage(last_page) : "",
                  words.lastHour(formatNumber(events_last_hour)),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </Text>
            )}
          </Group>
          {state === "receiving" && (
            <Anchor component={Link} href={`/web/${encodeURIComponent(of.id)}`} size="sm">
              {words.analytics}
            </Anchor>
          )}
        </Group>
      )}
    </Answer>
  );
}

function Delete({ of, onClose }: { of: WebsiteAnswer; onClose: () => void }) {
  const project = useProject();
  const remove = async () => {
    await ask(api.DELETE("/thebizness/api/websites/{id}", { params: { path: { id: of.id } } }));
    await queryClient.invalidateQueries({ queryKey: [project.id, "websites"] });
  };
  return (
    <Confirm opened onClose={onClose} title={words.delete(of.name)} action={words.deleteAction} onConfirm={remove}>
      {words.deleteAbout}
    </Confirm>
  );
}
