import { Box, Group, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import { texts } from "@/texts";

interface PageProps {
  title: string;
  /** One sentence below the title, where the title does not say enough. */
  about?: ReactNode;
  /** Controls at the right of the title; they wrap below it on a phone. */
  actions?: ReactNode;
  /** Use the whole width (tables and grids); otherwise lines stay readable. */
  wide?: boolean;
  children: ReactNode;
}

/** The frame of every page: its one h1, its controls, its content. */
export function Page({ title, about, actions, wide = true, children }: PageProps) {
  useDocumentTitle(`${title} · ${texts.shell.product}`);
  return (
    <Box maw={wide ? 1440 : 880} mx="auto" w="100%">
      <Group justify="space-between" align="flex-start" mb="md" gap="sm">
        <Stack gap={2}>
          <Title order={1}>{title}</Title>
          {about && (
            <Text size="sm" className="soft">
              {about}
            </Text>
          )}
        </Stack>
        {actions && (
          <Group gap="xs" wrap="wrap">
            {actions}
          </Group>
        )}
      </Group>
      {children}
    </Box>
  );
}
