/** The frame of pages before one is signed in: a card in the middle, with a heading of its own. */
import { Box, Group, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import { texts } from "@/texts";

export function Entrance({ title, about, children }: { title: string; about?: ReactNode; children?: ReactNode }) {
  useDocumentTitle(`${title} · ${texts.shell.product}`);
  return (
    <Box component="main" mih="100dvh" px="md" pt="12vh" pb="xl">
      <Stack maw={400} mx="auto" gap="lg">
        <Group gap={10} justify="center">
          <img src="/mark.svg" width={34} height={34} alt="" />
          <Text fw={700} fz={20}>
            {texts.shell.product}
          </Text>
        </Group>
        <Stack className="panel" p="lg" gap="md">
          <div>
            <Title order={1}>{title}</Title>
            {about && (
              <Text size="sm" className="soft" mt={4}>
                {about}
              </Text>
            )}
          </div>
          {children}
        </Stack>
      </Stack>
    </Box>
  );
}
