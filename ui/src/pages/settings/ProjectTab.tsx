import { Button, Code, Group, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { api, ask } from "@/api/client";
import { queryClient } from "@/api/queries";
import { Copy } from "@/parts/Copy";
import { Panel } from "@/parts/Panel";
import { fieldErrors, Why } from "@/parts/refusal";
import { tell } from "@/parts/tell";
import { useSend } from "@/parts/useSend";
import { NewProject } from "@/shell/NoProject";
import { SESSION_KEY, useMay, useProject, useSession } from "@/state/session";
import { texts } from "@/texts";
import { settings, project as words } from "@/texts/settings";

export default function ProjectTab() {
  const { projects } = useSession();
  const ownsOne = projects.some(({ role }) => role === "owner");
  return (
    <Stack gap="md" maw={640}>
      <ThisProject />
      {ownsOne && (
        <Panel title={texts.shell.newProject} about={words.newAbout}>
          <NewProject />
        </Panel>
      )}
    </Stack>
  );
}

function ThisProject() {
  const project = useProject();
  const mayRename = useMay("admin");
  const form = useForm({ mode: "uncontrolled", initialValues: { name: project.name } });
  const { busy, failure, submit } = useSend(async ({ name }: { name: string }) => {
    await ask(api.PATCH("/console/v1/projects/{id}", { params: { path: { id: project.id } }, body: { name } }));
    await queryClient.invalidateQueries({ queryKey: SESSION_KEY });
    tell(settings.saved);
  });
  const errors = fieldErrors(failure);
  return (
    <Panel title={words.title} about={words.about}>
      <form onSubmit={form.onSubmit(submit)}>
        <Stack gap="sm">
          {!errors.name && <Why failure={failure} />}
          <Group align="flex-end" gap="sm">
            <TextInput
              label={words.name}
              required
              maxLength={100}
              readOnly={!mayRename}
              style={{ flex: 1 }}
              key={form.key("name")}
              {...form.getInputProps("name")}
              error={errors.name}
            />
            {mayRename && (
              <Button type="submit" loading={busy}>
                {words.rename}
              </Button>
            )}
          </Group>
          <Group gap={6} wrap="nowrap">
            <Text size="xs" className="soft">
              {words.id}
            </Text>
            <Code style={{ overflowWrap: "anywhere" }}>{project.id}</Code>
            <Copy text={project.id} label={words.id} />
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}
