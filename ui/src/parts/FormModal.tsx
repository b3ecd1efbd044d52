/** A form over the page: sends, says where it is refused, closes when it is done. */

import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { Why } from "@/parts/refusal";
import { texts } from "@/texts";

interface FormModalProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** The word on the button. */
  action: string;
  busy: boolean;
  failure: unknown;
  /** False while something is missing that the form cannot say by itself. */
  ready?: boolean;
  onSubmit: (event?: React.FormEvent<HTMLFormElement>) => void;
  children: ReactNode;
}

export function FormModal({
  opened,
  onClose,
  title,
  action,
  busy,
  failure,
  ready = true,
  onSubmit,
  children,
}: FormModalProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size={520}
      closeButtonProps={{ "aria-label": texts.shell.close }}
    >
      <form onSubmit={onSubmit}>
        <Stack gap="sm">
          <Why failure={failure} />
          {children}
          <Group justify="flex-end" gap="xs" mt={4}>
            <Button variant="default" onClick={onClose}>
              {texts.shell.cancel}
            </Button>
            <Button type="submit" loading={busy} disabled={!ready}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
