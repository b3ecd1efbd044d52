import { Button, Code, Group, NumberInput, Stack, Switch, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconBan, IconKey, IconPlus, IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import { formatAgo, formatDay, formatTime } from "@/format/times";
import { Confirm } from "@/parts/Confirm";
import { type Column, DataTable } from "@/parts/DataTable";
import { FormModal } from "@/parts/FormModal";
import { Panel } from "@/parts/Panel";
import { RowButton } from "@/parts/RowButton";
import { Answer, Empty } from "@/parts/states";
import { tell } from "@/parts/tell";
import { useSend } from "@/parts/useSend";
import { useProject } from "@/state/session";
import { flag, useUrlState } from "@/state/url";
import { settings, keys as words } from "@/texts/settings";
import { type KeyAnswer, NewKey } from "./NewKey";
import { ShownOnce } from "./ShownOnce";
import { StateMark } from "./StateMark";
import { useNarrow } from "./useNarrow";

const STATE = { ended: flag(false) };
const KINDS = { active: "good", replaced: "waiting", revoked: "off", expired: "off" } as const;

type Doing = { what: "make" } | { what: "rotate" | "revoke"; key: KeyAnswer } | null;

export default function KeysTab() {
  const project = useProject();
  const [{ ended }, change] = useUrlState(STATE);
  const [doing, setDoing] = useState<Doing>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const keys = useAsk([project.id, "keys"], (signal) => ask(api.GET("/console/v1/keys", { signal })));
  const narrow = useNarrow();
  const columns = columnsOf(setDoing, narrow).filter(({ id }) => !narrow || NARROW.has(id));
  const close = () => setDoing(null);
  const made = (told: string) => {
    close();
    setSecret(told);
    void queryClient.invalidateQueries({ queryKey: [project.id, "keys"] });
  };
  const make = (
    <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setDoing({ what: "make" })}>
      {words.make}
    </Button>
  );
  const anyEnded = keys.data?.keys.some(isEnded) ?? false;
  return (
    <Panel title={words.list} about={words.about} actions={make} flush>
      <Answer
        of={keys}
        height={160}
        isEmpty={({ keys }) => keys.length === 0}
        empty={
          <Empty title={words.empty} hint={words.emptyHint} action={make} icon={<IconKey size={28} aria-hidden />} />
        }
      >
        {({ keys }) => (
          <>
            <DataTable
              label={words.list}
              columns={columns}
              rows={keys.filter((key) => ended || !isEnded(key))}
              rowKey={({ id }) => id}
              minWidth={narrow ? 300 : 820}
            />
            {anyEnded && (
              <Switch
                size="xs"
                mx="md"
                my="sm"
                label={words.showEnded}
                checked={ended}
                onChange={({ currentTarget }) => change({ ended: currentTarget.checked })}
              />
            )}
          </>
        )}
      </Answer>
      {doing?.what === "make" && <NewKey onClose={close} onMade={made} />}
      {doing?.what === "rotate" && <Rotate of={doing.key} onClose={close} onMade={made} />}
      {doing?.what === "revoke" && <Revoke of={doing.key} onClose={close} />}
      <ShownOnce
        value={secret}
        title={words.secretTitle}
        hint={words.secretHint}
        label={words.secret}
        onClose={() => setSecret(null)}
      />
    </Panel>
  );
}

const isEnded = ({ state }: KeyAnswer): boolean => state === "revoked" || state === "expired";
const nameOf = ({ name }: KeyAnswer): string => name || words.unnamed;

/** On a phone the rest stands below the name. */
const NARROW = new Set(["name", "state", "actions"]);

function columnsOf(act: (doing: Doing) => void, narrow: boolean): Column<KeyAnswer>[] {
  return [
    {
      id: "name",
      title: words.name,
      by: nameOf,
      cell: (key) => (
        <Stack gap={0}>
          <Text size="sm" fw={600} {...(key.name ? {} : { className: "soft" })}>
            {nameOf(key)}
          </Text>
          <Text size="xs" className="soft" ff="monospace">
            {key.prefix}…
          </Text>
          {narrow && (
            <Text size="xs" className="soft">
              {key.scopes.join(", ")} · {words.lastUsedShort}{" "}
              {key.last_used_at ? formatAgo(key.last_used_at) : settings.never.toLowerCase()}
            </Text>
          )}
        </Stack>
      ),
    },
    { id: "state", title: words.state, by: ({ state }) => state, cell: (key) => <State of={key} /> },
    {
      id: "scopes",
      title: words.scopes,
      cell: ({ scopes }) => (
        <Group gap={4} wrap="nowrap">
          {scopes.map((scope) => (
            <Code key={scope}>{scope}</Code>
          ))}
        </Group>
      ),
    },
    { id: "door", title: words.door, by: ({ door }) => door, cell: ({ door }) => words.doors[door] },
    { id: "plan", title: words.plan, by: ({ plan }) => plan, cell: ({ plan }) => plan },
    {
      id: "used",
      title: words.lastUsed,
      by: ({ last_used_at }) => last_used_at ?? "",
      cell: ({ last_used_at }) => <Moment at={last_used_at} />,
    },
    {
      id: "expires",
      title: words.expires,
      by: ({ expires_at }) => expires_at ?? "~",
      cell: ({ expires_at }) => (expires_at ? formatDay(expires_at) : <span className="soft">{settings.never}</span>),
    },
    {
      id: "actions",
      title: settings.actions,
      hiddenTitle: true,
      number: true,
      cell: (key) => (
        <Group gap={2} wrap="nowrap" justify="flex-end">
          {key.state === "active" && (
            <RowButton name={words.rotate(nameOf(key))} onClick={() => act({ what: "rotate", key })}>
              <IconRefresh size={16} />
            </RowButton>
          )}
          {!isEnded(key) && (
            <RowButton name={words.revoke(nameOf(key))} onClick={() => act({ what: "revoke", key })}>
              <IconBan size={16} />
            </RowButton>
          )}
        </Group>
      ),
    },
  ];
}

function State({ of }: { of: KeyAnswer }) {
  return (
    <Stack gap={2}>
      <StateMark kind={KINDS[of.state]} name={words.states[of.state]} />
      {of.state === "replaced" && of.revoked_at && (
        <Text size="xs" className="soft">
          {words.until(formatTime(of.revoked_at))}
        </Text>
      )}
    </Stack>
  );
}

function Moment({ at }: { at: string | null }) {
  if (at === null) return <span className="soft">{settings.never}</span>;
  return (
    <time dateTime={at} title={formatTime(at)}>
      {formatAgo(at)}
    </time>
  );
}

function Rotate({ of, onClose, onMade }: { of: KeyAnswer; onClose: () => void; onMade: (secret: string) => void }) {
  const form = useForm({ initialValues: { grace: 24 as number | string } });
  const { busy, failure, submit } = useSend(async ({ grace }: { grace: number | string }) => {
    const asked = { params: { path: { id: of.id } }, body: { grace_hours: Number(grace) } };
    onMade((await ask(api.POST("/console/v1/keys/{id}/rotate", asked))).secret);
  });
  return (
    <FormModal
      opened
      onClose={onClose}
      title={words.rotate(nameOf(of))}
      action={words.rotateAction}
      busy={busy}
      failure={failure}
      onSubmit={form.onSubmit(submit)}
    >
      <Text size="sm">{words.rotateAbout}</Text>
      <NumberInput
        label={words.grace}
        min={0}
        max={2160}
        allowDecimal={false}
        required
        {...form.getInputProps("grace")}
      />
    </FormModal>
  );
}

function Revoke({ of, onClose }: { of: KeyAnswer; onClose: () => void }) {
  const project = useProject();
  const revoke = async () => {
    await ask(api.DELETE("/console/v1/keys/{id}", { params: { path: { id: of.id } } }));
    tell(words.revoked);
    await queryClient.invalidateQueries({ queryKey: [project.id, "keys"] });
  };
  return (
    <Confirm opened onClose={onClose} title={words.revoke(nameOf(of))} action={words.revokeAction} onConfirm={revoke}>
      {words.revokeAbout(nameOf(of))}
    </Confirm>
  );
}
