/** What can be done with a dashboard as a whole: rename, duplicate, delete. */
import { ActionIcon, Menu, Textarea, TextInput } from "@mantine/core";
import { IconDotsVertical } from "@tabler/icons-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, ask } from "@/api/client";
import { Confirm } from "@/parts/Confirm";
import { FormModal } from "@/parts/FormModal";
import { tell, tellFailure } from "@/parts/tell";
import { useSend } from "@/parts/useSend";
import { useProject } from "@/state/session";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import { changeDashboard, type Dashboard, forget, makeDashboard } from "./dashboards";

interface DashboardMenuProps {
  dashboard: Dashboard;
  onRenamed?: () => void;
  onDeleted?: () => void;
}

export function DashboardMenu({ dashboard, onRenamed, onDeleted }: DashboardMenuProps) {
  const project = useProject().id;
  const [, go] = useLocation();
  const [open, setOpen] = useState<"rename" | "delete" | null>(null);
  const duplicate = async () => {
    try {
      const { name, description, widgets } = dashboard;
      const made = await makeDashboard({ name: dashboards.copyOf(name).slice(0, 255), description, widgets });
      await forget(project);
      tell(dashboards.duplicated);
      go(`/dashboards/${made.id}`);
    } catch (failure) {
      tellFailure(failure);
    }
  };
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={dashboards.menu(dashboard.name)}>
            <IconDotsVertical size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setOpen("rename")}>{dashboards.rename}</Menu.Item>
          <Menu.Item onClick={() => void duplicate()}>{dashboards.duplicate}</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red.8" onClick={() => setOpen("delete")}>
            {dashboards.delete}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === "rename" && (
        <NameForm
          title={dashboards.rename}
          action={texts.shell.save}
          name={dashboard.name}
          description={dashboard.description ?? ""}
          onClose={() => setOpen(null)}
          onSave={async (name, description) => {
            await changeDashboard(dashboard.id, { name, description: description || null });
            await forget(project);
            onRenamed?.();
          }}
        />
      )}
      <Confirm
        opened={open === "delete"}
        onClose={() => setOpen(null)}
        title={dashboards.delete}
        action={dashboards.deleteAction}
        onConfirm={async () => {
          await ask(api.DELETE("/solinth/v1/dashboards/{id}", { params: { path: { id: dashboard.id } } }));
          onDeleted?.();
          await forget(project);
        }}
      >
        {dashboards.deleteAbout(dashboard.name)}
      </Confirm>
    </>
  );
}

interface NameFormProps {
  title: string;
  action: string;
  name?: string;
  description?: string;
  onClose: () => void;
  onSave: (name: string, description: string) => Promise<unknown>;
}

/** Name and description, of a new dashboard or an old one. */
export function NameForm({ title, action, name = "", description = "", onClose, onSave }: NameFormProps) {
  const [called, setCalled] = useState(name);
  const [about, setAbout] = useState(description);
  const { busy, failure, submit } = useSend(async () => {
    await onSave(called.trim(), about.trim());
    onClose();
  });
  return (
    <FormModal
      opened
      onClose={onClose}
      title={title}
      action={action}
      busy={busy}
      failure={failure}
      ready={called.trim() !== ""}
      onSubmit={(event) => {
        event?.preventDefault();
        void submit(undefined);
      }}
    >
      <TextInput
        label={dashboards.name}
        value={called}
        maxLength={255}
        required
        data-autofocus
        onChange={(event) => setCalled(event.currentTarget.value)}
      />
      <Textarea
        label={dashboards.description}
        value={about}
        maxLength={2000}
        autosize
        minRows={2}
        onChange={(event) => setAbout(event.currentTarget.value)}
      />
    </FormModal>
  );
}
