import { ActionIcon, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

/** A small button in a row; its whole name says what it does to which one. */
export function RowButton({ name, onClick, children }: { name: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={name}>
      <ActionIcon variant="subtle" color="gray" onClick={onClick} aria-label={name}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
