/** Something that is shown this once: it can be copied, and goes only when one says so. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { Copy } from "@/parts/Copy";
import { Snippet } from "@/parts/Snippet";
import { texts } from "@/texts";
import { settings } from "@/texts/settings";

interface ShownOnceProps {
  /** null: nothing to show. */
  value: string | null;
  title: string;
  hint: string;
  label: string;
  onClose: () => void;
}

export function ShownOnce({ value, title, hint, label, onClose }: ShownOnceProps) {
  return (
    <Modal
      opened={value !== null}
      onClose={onClose}
      title={title}
      size={560}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": texts.shell.close }}
    >
      <Stack gap="sm">
        <Text size="sm">{hint}</Text>
        <Snippet code={value ?? ""} label={label} />
        <Group justify="flex-end" gap="xs">
          <Copy text={value ?? ""} label={texts.shell.copy} named />
          <Button onClick={onClose}>{settings.done}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
