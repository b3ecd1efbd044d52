import { ActionIcon, Button, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { texts } from "@/texts";

/** Copies a text; says so for a moment. label: what is copied, for screen readers; with `named` it is also shown. */
export function Copy({ text, label, named = false }: { text: string; label: string; named?: boolean }) {
  return (
    <CopyButton value={text} timeout={1500}>
      {({ copied, copy }) =>
        named ? (
          <Button
            variant="default"
            size="xs"
            onClick={copy}
            leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          >
            {copied ? texts.shell.copied : label}
          </Button>
        ) : (
          <Tooltip label={copied ? texts.shell.copied : texts.shell.copy}>
            <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={`${texts.shell.copy}: ${label}`}>
              {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
            </ActionIcon>
          </Tooltip>
        )
      }
    </CopyButton>
  );
}
