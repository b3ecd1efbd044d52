import { Group, Stack, Text, Tooltip } from "@mantine/core";
import { IconArrowDownRight, IconArrowUpRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { formatChange } from "@/format/numbers";

interface FigureProps {
  label: string;
  value: ReactNode;
  /** Change against the time before, as a share; null when there is nothing to compare with. */
  change?: number | null;
  /** What the change is against. */
  before?: string;
  /** Less is better (bounce rate, errors): the colours swap. */
  lessIsBetter?: boolean;
  size?: "sm" | "md" | "lg";
}

const SIZES = { sm: 17.5, md: 24, lg: 34 } as const;

/** One number with its name and its change. The arrow tells the direction too, not the colour alone. */
export function Figure({ label, value, change, before, lessIsBetter = false, size = "md" }: FigureProps) {
  return (
    <Stack gap={2}>
      <Text size="xs" className="soft" fw={550}>
        {label}
      </Text>
      <Text className="figures" fz={SIZES[size]} fw={650} lh={1.15} style={{ overflowWrap: "anywhere" }}>
        {value}
      </Text>
      {change !== undefined && <Change change={change} before={before} lessIsBetter={lessIsBetter} />}
    </Stack>
  );
}

export function Change({
  change,
  before,
  lessIsBetter = false,
}: {
  change: number | null;
  before?: string | undefined;
  lessIsBetter?: boolean;
}) {
  if (change === null)
    return (
      <Text size="xs" className="soft">
        –
      </Text>
    );
  const good = lessIsBetter ? change < 0 : change > 0;
  const Arrow = change < 0 ? IconArrowDownRight : IconArrowUpRight;
  return (
    <Tooltip label={before} disabled={!before}>
      <Group gap={2} wrap="nowrap" c={change === 0 ? undefined : good ? "var(--rise)" : "var(--fall)"} w="fit-content">
        {change !== 0 && <Arrow size={14} aria-hidden />}
        <Text size="xs" fw={600} className="figures">
          {formatChange(change)}
        </Text>
      </Group>
    </Tooltip>
  );
}
