import { Select, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import { formatAgo, formatTime } from "@/format/times";
import { Confirm } from "@/parts/Confirm";
import { DataTable } from "@/parts/DataTable";
import { FormModal } from "@/parts/FormModal";
import { Panel } from "@/parts/Panel";
import { RowButton } from "@/parts/RowButton";
import { fieldErrors } from "@/parts/refusal";
import { Answer } from "@/parts/states";
import { useSend } from "@/parts/useSend";
import { type Role, useProject } from "@/state/session";
import { settings, members as words } from "@/texts/settings";
import { ShownOnce } from "./ShownOnce";

interface InvitationsPanelProps {
  inviting: boolean;
  onClose: () => void;
  /** Which ones this person may give. */
  roles: readonly Role[];
}

export function InvitationsPanel({ inviting, onClose, roles }: InvitationsPanelProps) {
  const project = useProject();
  const [link, setLink] = useState<string | null>(null);
  const [withdrawn, setWithdrawn] = useState<{ id: string; email: string } | null>(null);
  const key = [project.id, "invitations"];
  const invitations = useAsk(key, (signal) => ask(api.GET("/console/v1/invitations", { signal })));
  const made = (told: string) => {
    onClose();
    setLink(told);
    void queryClient.invalidateQueries({ queryKey: key });
  };
  return (
    <Panel title={words.invitations} flush>
      <Answer
        of={invitations}
        height={44}
        isEmpty={({ invitations }) => invitations.length === 0}
        empty={
          <Text size="sm" className="soft" px="md" pb="md">
            {words.invitationsEmpty}
          </Text>
        }
      >
        {({ invitations }) => (
          <DataTable
            label={words.invitations}
            rows={invitations}
            rowKey={({ id }) => id}
            minWidth={420}
            columns={[
              { id: "email", title: words.email, cell: ({ email }) => email },
              { id: "role", title: words.role, cell: ({ role }) => words.roles[role] },
              {
                id: "expires",
                title: words.expires,
                cell: ({ expires_at }) => (
                  <time dateTime={expires_at} title={formatTime(expires_at)}>
                    {formatAgo(expires_at)}
                  </time>
                ),
              },
              {
                id: "actions",
                title: settings.actions,
                hiddenTitle: true,
                number: true,
                cell: (one) => (
                  <RowButton name={words.withdraw(one.email)} onClick={() => setWithdrawn(one)}>
                    <IconX size={16} />
                  </RowButton>
                ),
              },
            ]}
          />
        )}
      </Answer>
      {inviting && <Invite onClose={onClose} onMade={made} roles={roles} />}
      <ShownOnce
        value={link}
        title={words.linkTitle}
        hint={words.linkHint}
        label={words.link}
        onClose={() => setLink(null)}
      />
      {withdrawn && (
        <Confirm
          opened
          onClose={() => setWithdrawn(null)}
          title={words.withdraw(withdrawn.email)}
          action={words.withdrawAction}
          onConfirm={async () => {
            await ask(api.DELETE("/console/v1/invitations/{id}", { params: { path: { id: withdrawn.id } } }));
            await queryClient.invalidateQueries({ queryKey: key });
          }}
        >
          {words.withdrawAbout(withdrawn.email)}
        </Confirm>
      )}
    </Panel>
  );
}

interface InviteProps {
  onClose: () => void;
  onMade: (link: string) => void;
  roles: readonly Role[];
}

function Invite({ onClose, onMade, roles }: InviteProps) {
  const form = useForm({ initialValues: { email: "", role: "member" as Role } });
  const { busy, failure, submit } = useSend(async (body: { email: string; role: Role }) => {
    onMade((await ask(api.POST("/console/v1/invitations", { body }))).link);
  });
  return (
    <FormModal
      opened
      onClose={onClose}
      title={words.inviteTitle}
      action={words.makeLink}
      busy={busy}
      failure={failure}
      onSubmit={form.onSubmit(submit)}
    >
      <Text size="sm">{words.inviteAbout}</Text>
      <TextInput
        type="email"
        label={words.email}
        required
        data-autofocus
        {...form.getInputProps("email")}
        error={fieldErrors(failure).email}
      />
      <Select
        label={words.role}
        description={words.roleHints[form.values.role]}
        allowDeselect={false}
        data={roles.map((value) => ({ value, label: words.roles[value] }))}
        {...form.getInputProps("role")}
      />
    </FormModal>
  );
}
