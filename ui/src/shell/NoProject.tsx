/** For whoever belongs to no project: make one, or wait for an invitation. */
import { Box, Button, Group, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useLocation } from "wouter";
import { api, ask } from "@/api/client";
import { queryClient } from "@/api/queries";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { tellFailure } from "@/parts/tell";
import { SESSION_KEY } from "@/state/session";
import { texts } from "@/texts";

const { shell } = texts;

export function NoProject() {
  return (
    <Box p="lg">
      <Page title={shell.noProject} about={shell.noProjectHint} wide={false}>
        <Panel>
          <NewProject />
        </Panel>
      </Page>
    </Box>
  );
}

/** Makes a project and goes there. */
export function NewProject({ onMade }: { onMade?: () => void }) {
  const [, go] = useLocation();
  const form = useForm({ mode: "uncontrolled", initialValues: { name: "" } });
  const make = form.onSubmit(async ({ name }) => {
    try {
      const made = await ask(api.POST("/console/v1/projects", { body: { name } }));
      await queryClient.invalidateQueries({ queryKey: SESSION_KEY });
      onMade?.();
      go(`~/p/${made.id}/`);
    } catch (failure) {
      tellFailure(failure);
    }
  });
  return (
    <form onSubmit={make}>
      <Group align="flex-end" gap="sm">
        <TextInput
          label={shell.newProjectName}
          required
          maxLength={100}
          style={{ flex: 1 }}
          data-autofocus
          key={form.key("name")}
          {...form.getInputProps("name")}
        />
        <Button type="submit" loading={form.submitting}>
          {shell.create}
        </Button>
      </Group>
    </form>
  );
}
