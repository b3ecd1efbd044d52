/** A button that puts what is looked at on a dashboard, an old one or a new one. */
import { Anchor, Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconLayoutDashboard } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { Failure, Loading } from "@/parts/states";
import { tellFailure } from "@/parts/tell";
import { useMay, useProject } from "@/state/session";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import { addWidget, forget, makeDashboard, useDashboards, type WidgetDraft } from "./dashboards";

const { add } = dashboards;
const NEW = "new";

/** type and query: as a widget has them (docs/querying.md). title: what the widget is called unless the person says otherwise. */
export function AddToDashboard({ type, title, query }: WidgetDraft) {
  const [opened, { open, close }] = useDisclosure(false);
  const may = useMay("member");
  if (!may) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconLayoutDashboard size={16} aria-hidden />} onClick={open}>
        {add.button}
      </Button>
      <Modal opened={opened} onClose={close} title={add.title} closeButtonProps={{ "aria-label": texts.shell.close }}>
        <Choose draft={{ type, title, query }} onDone={close} />
      </Modal>
    </>
  );
}

function Choose({ draft, onDone }: { draft: WidgetDraft; onDone: () => void }) {
  const project = useProject().id;
  const dashboards = useDashboards();
  const [chosen, setChosen] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [title, setTitle] = useState(draft.title);
  const [busy, setBusy] = useState(false);
  if (dashboards.isError && !dashboards.data)
    return <Failure error={dashboards.error} retry={() => void dashboards.refetch()} />;
  if (!dashboards.data) return <Loading height={200} />;
  const known = dashboards.data.data;
  const id = chosen ?? known[0]?.id ?? NEW;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const target = id === NEW ? await makeDashboard({ name: name.trim() }) : known.find((one) => one.id === id);
      if (!target) return;
      await addWidget(project, target.id, { ...draft, title: title.trim() });
      await forget(project);
      notifications.show({
        message: (
          <>
            {add.done} <Anchor href={`/p/${project}/dashboards/${target.id}`}>{target.name}</Anchor>
          </>
        ),
        closeButtonProps: { "aria-label": texts.shell.close },
      });
      onDone();
    } catch (failure) {
      tellFailure(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void save(event)}>
      <Stack>
        <TextInput
          label={add.widgetTitle}
          value={title}
          maxLength={255}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Select
          label={add.dashboard}
          data={[...known.map((one) => ({ value: one.id, label: one.name })), { value: NEW, label: add.newDashboard }]}
          value={id}
          onChange={setChosen}
          allowDeselect={false}
          searchable={known.length > 7}
        />
        {id === NEW && (
          <TextInput
            label={add.newName}
            value={name}
            maxLength={255}
            required
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            {texts.shell.cancel}
          </Button>
          <Button type="submit" loading={busy} disabled={id === NEW && !name.trim()}>
            {add.action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
