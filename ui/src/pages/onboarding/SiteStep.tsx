/** Events of a website name it: the first website of the project, or a form that adds one. */

import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { UseQueryResult } from "@tanstack/react-query";
import { api, ask } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import { fieldErrors, Why } from "@/parts/refusal";
import { Snippet } from "@/parts/Snippet";
import { Answer } from "@/parts/states";
import { useSend } from "@/parts/useSend";
import { useMay, useProject } from "@/state/session";
import { onboarding as words } from "@/texts/onboarding";

interface Site {
  id: string;
  snippet: string;
}

/** null: the project has none. */
export function useFirstSite(when: boolean): UseQueryResult<Site | null, Error> {
  const project = useProject();
  return useAsk<Site | null>(
    [project.id, "websites", "first"],
    async (signal) => {
      const found = await ask(api.GET("/thebizness/api/websites", { params: { query: { limit: 1 } }, signal }));
      return found.websites[0] ?? null;
    },
    { when },
  );
}

export function SiteStep({ of }: { of: UseQueryResult<Site | null, Error> }) {
  const mayMake = useMay("member");
  return (
    <Answer of={of} height={88}>
      {(site) =>
        site ? (
          <Stack gap={6}>
            <Text size="sm">{words.snippetTitle}</Text>
            <Snippet code={site.snippet} label={words.snippet} />
          </Stack>
        ) : mayMake ? (
          <NewSite />
        ) : (
          <Text size="sm">{words.siteByMember}</Text>
        )
      }
    </Answer>
  );
}

function NewSite() {
  const project = useProject();
  const form = useForm({ mode: "uncontrolled", initialValues: { domain: "" } });
  const { busy, failure, submit } = useSend(async ({ domain }: { domain: string }) => {
    await ask(api.POST("/thebizness/api/websites", { body: { domain: domain.trim() } }));
    await queryClient.invalidateQueries({ queryKey: [project.id, "websites"] });
  });
  return (
    <form onSubmit={form.onSubmit(submit)}>
      <Stack gap="xs">
        <Text size="sm">{words.siteNeeded}</Text>
        <Why failure={failure} />
        <Group align="flex-end" gap="xs">
          <TextInput
            label={words.siteDomain}
            placeholder="example.com"
            required
            style={{ flex: 1, minWidth: 180 }}
            key={form.key("domain")}
            {...form.getInputProps("domain")}
            error={fieldErrors(failure).domain}
          />
          <Button type="submit" loading={busy}>
            {words.siteMake}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
