import { Badge, Button, Group, Select, Stack, Text } from "@mantine/core";
import { IconLogout, IconUserMinus, IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import type { paths } from "@/api/schema";
import { formatAgo, formatDay, formatTime } from "@/format/times";
import { Confirm } from "@/parts/Confirm";
import { type Column, DataTable } from "@/parts/DataTable";
import { Panel } from "@/parts/Panel";
import { RowButton } from "@/parts/RowButton";
import { Answer } from "@/parts/states";
import { tell, tellFailure } from "@/parts/tell";
import { type Role, SESSION_KEY, useMay, useProject, useSession } from "@/state/session";
import { settings, members as words } from "@/texts/settings";
import { InvitationsPanel } from "./InvitationsPanel";
import { useNarrow } from "./useNarrow";

type Member = paths["/console/v1/members"]["get"]["responses"][200]["content"]["application/json"]["members"][number];

const ROLES: readonly Role[] = ["owner", "admin", "member", "viewer"];

export default function MembersTab() {
  const project = useProject();
  const { user } = useSession();
  const mayManage = useMay("admin");
  const mayMakeOwners = useMay("owner");
  const [inviting, setInviting] = useState(false);
  const [leaving, setLeaving] = useState<Member | null>(null);
  const members = useAsk([project.id, "members"], (signal) => ask(api.GET("/console/v1/members", { signal })));
  const narrow = useNarrow();
  const columns = columnsOf(user.id, mayManage, mayMakeOwners, setLeaving).filter(
    ({ id }) => !narrow || (id !== "joined" && id !== "seen"),
  );
  return (
    <Stack gap="md">
      <Panel
        title={words.list}
        about={words.about}
        flush
        actions={
          mayManage && (
            <Button size="xs" leftSection={<IconUserPlus size={14} aria-hidden />} onClick={() => setInviting(true)}>
              {words.invite}
            </Button>
          )
        }
      >
        <Answer of={members} height={92}>
          {({ members }) => (
            <DataTable
              label={words.list}
              columns={columns}
              rows={members}
              rowKey={({ user_id }) => user_id}
              minWidth={narrow ? 300 : 640}
            />
          )}
        </Answer>
        <Text size="xs" className="soft" px="md" py="sm">
          {ROLES.map((role) => `${words.roles[role]}: ${words.roleHints[role]}`).join(" · ")}
        </Text>
      </Panel>
      {mayManage && (
        <InvitationsPanel
          inviting={inviting}
          onClose={() => setInviting(false)}
          roles={ROLES.filter((role) => role !== "owner" || mayMakeOwners)}
        />
      )}
      {leaving && <Leave of={leaving} self={leaving.user_id === user.id} onClose={() => setLeaving(null)} />}
    </Stack>
  );
}

function columnsOf(
  self: string,
  mayManage: boolean,
  mayMakeOwners: boolean,
  leave: (member: Member) => void,
): Column<Member>[] {
  const mayChange = (member: Member) => mayManage && (member.role !== "owner" || mayMakeOwners);
  return [
    {
      id: "name",
      title: words.name,
      by: ({ name }) => name,
      cell: ({ name, email, user_id }) => (
        <Stack gap={0}>
          <Group gap={6} wrap="nowrap">
            <Text size="sm" fw={600}>
              {name}
            </Text>
            {user_id === self && (
              <Badge size="xs" variant="default" radius="sm">
                {words.you}
              </Badge>
            )}
          </Group>
          <Text size="xs" className="soft" style={{ overflowWrap: "anywhere" }}>
            {email}
          </Text>
        </Stack>
      ),
    },
    {
      id: "role",
      title: words.role,
      by: ({ role }) => ROLES.indexOf(role),
      width: 130,
      cell: (member) =>
        mayChange(member) ? <RoleSelect of={member} mayMakeOwners={mayMakeOwners} /> : words.roles[member.role],
    },
    {
      id: "joined",
      title: words.joined,
      by: ({ joined_at }) => joined_at,
      cell: ({ joined_at }) => formatDay(joined_at),
    },
    {
      id: "seen",
      title: words.lastSeen,
      by: ({ last_seen_at }) => last_seen_at ?? "",
      cell: ({ last_seen_at }) =>
        last_seen_at ? (
          <time dateTime={last_seen_at} title={formatTime(last_seen_at)}>
            {formatAgo(last_seen_at)}
          </time>
        ) : (
          <span className="soft">{settings.never}</span>
        ),
    },
    {
      id: "actions",
      title: settings.actions,
      hiddenTitle: true,
      number: true,
      cell: (member) =>
        member.user_id === self ? (
          <RowButton name={words.leave} onClick={() => leave(member)}>
            <IconLogout size={16} />
          </RowButton>
        ) : (
          mayChange(member) && (
            <RowButton name={words.remove(member.name)} onClick={() => leave(member)}>
              <IconUserMinus size={16} />
            </RowButton>
          )
        ),
    },
  ];
}

function RoleSelect({ of, mayMakeOwners }: { of: Member; mayMakeOwners: boolean }) {
  const project = useProject();
  const change = async (role: string | null) => {
    if (role === null || role === of.role) return;
    try {
      await ask(
        api.PATCH("/console/v1/members/{id}", { params: { path: { id: of.user_id } }, body: { role: role as Role } }),
      );
      tell(settings.saved);
      await queryClient.invalidateQueries({ queryKey: SESSION_KEY });
    } catch (failure) {
      tellFailure(failure);
    }
    await queryClient.invalidateQueries({ queryKey: [project.id, "members"] });
  };
  return (
    <Select
      size="xs"
      w={110}
      aria-label={words.roleOf(of.name)}
      value={of.role}
      allowDeselect={false}
      data={ROLES.filter((role) => role !== "owner" || mayMakeOwners).map((value) => ({
        value,
        label: words.roles[value],
      }))}
      onChange={(role) => void change(role)}
    />
  );
}

function Leave({ of, self, onClose }: { of: Member; self: boolean; onClose: () => void }) {
  const project = useProject();
  const [, go] = useLocation();
  const leave = async () => {
    await ask(api.DELETE("/console/v1/members/{id}", { params: { path: { id: of.user_id } } }));
    if (self) {
      go("~/", { replace: true });
      await queryClient.invalidateQueries({ queryKey: SESSION_KEY });
    } else await queryClient.invalidateQueries({ queryKey: [project.id, "members"] });
  };
  return (
    <Confirm
      opened
      onClose={onClose}
      title={self ? words.leave : words.remove(of.name)}
      action={self ? words.leaveAction : words.removeAction}
      onConfirm={leave}
    >
      {self ? words.leaveAbout : words.removeAbout(of.name)}
    </Confirm>
  );
}
