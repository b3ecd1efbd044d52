import { Box, Group, Text } from "@mantine/core";

export type Kind = "good" | "waiting" | "bad" | "off";

const COLOURS: Record<Kind, string> = {
  good: "var(--rise)",
  waiting: "light-dark(#b57a00, #e6b84d)",
  bad: "light-dark(#c22b2b, #ff8787)",
  off: "var(--text-soft)",
};

/** In which state something is: a word, and a dot whose colour says it again. */
export function StateMark({ kind, name }: { kind: Kind; name: string }) {
  return (
    <Group gap={7} wrap="nowrap" w="fit-content">
      <Box w={8} h={8} style={{ borderRadius: 4, background: COLOURS[kind], flexShrink: 0 }} aria-hidden />
      <Text size="sm" fw={550} {...(kind === "off" ? { className: "soft" } : {})} style={{ whiteSpace: "nowrap" }}>
        {name}
      </Text>
    </Group>
  );
}
