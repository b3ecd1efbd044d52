import { Group, Kbd, Modal, Stack, Text } from "@mantine/core";
import { texts } from "@/texts";
import { DESTINATIONS } from "./navigation";

const { shortcuts } = texts.shell;

/** The list of keys; the same table that the keys are read from. */
export function ShortcutHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const rows = [
    { keys: "Ctrl K", what: shortcuts.palette },
    { keys: "/", what: shortcuts.palette },
    { keys: "?", what: shortcuts.help },
    { keys: "Shift D", what: shortcuts.scheme },
    { keys: "Esc", what: shortcuts.close },
    ...DESTINATIONS.map(({ keys, name }) => ({ keys, what: shortcuts.goTo(name) })),
  ];
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={shortcuts.title}
      closeButtonProps={{ "aria-label": texts.shell.close }}
    >
      <Stack gap={6}>
        {rows.map(({ keys, what }) => (
          <Group key={keys} justify="space-between" wrap="nowrap">
            <Text size="sm">{what}</Text>
            <Group gap={4} wrap="nowrap">
              {keys.split(" ").map((key) => (
                <Kbd key={key} size="sm">
                  {key}
                </Kbd>
              ))}
            </Group>
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
