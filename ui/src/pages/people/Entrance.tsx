/** The frame of pages before one is signed in: a card in the middle, with a heading of its own. */
import { Alert, Box, Group, Stack, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import { Refused } from "@/api/client";
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

/** Why it was refused, where the form is. */
export function Why({ failure }: { failure: unknown }) {
  if (!failure) return null;
  return (
    <Alert color="red" variant="light" role="alert" p="xs">
      {failure instanceof Error ? failure.message : String(failure)}
    </Alert>
  );
}

/** The field that a refusal names, for its form. */
export function fieldErrors(failure: unknown): Record<string, string> {
  return failure instanceof Refused && failure.field ? { [failure.field]: failure.message } : {};
}
