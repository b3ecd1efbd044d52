import { Anchor, Box, Button, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { Link } from "wouter";
import { api, ask } from "@/api/client";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { fieldErrors, Why } from "@/parts/refusal";
import { tell } from "@/parts/tell";
import { useSend } from "@/parts/useSend";
import { takeSession, useSession } from "@/state/session";
import { texts } from "@/texts";
import { people } from "@/texts/people";

export default function ProfilePage() {
  return (
    <Box component="main" p={{ base: "sm", sm: "lg" }}>
      <Page
        title={people.profile}
        about={people.profileAbout}
        wide={false}
        actions={
          <Anchor component={Link} href="/" size="sm">
            {people.back}
          </Anchor>
        }
      >
        <Stack gap="md">
          <NamePanel />
          <PasswordPanel />
        </Stack>
      </Page>
    </Box>
  );
}

function NamePanel() {
  const { user } = useSession();
  const form = useForm({ mode: "uncontrolled", initialValues: { name: user.name } });
  const { busy, failure, submit } = useSend(async ({ name }: { name: string }) => {
    takeSession(await ask(api.PATCH("/console/v1/user", { body: { name } })));
    tell(people.saved);
  });
  return (
    <Panel title={people.name}>
      <form onSubmit={form.onSubmit(submit)}>
        <Stack gap="sm">
          <TextInput label={people.email} value={user.email} readOnly />
          <TextInput
            label={people.name}
            required
            maxLength={100}
            key={form.key("name")}
            {...form.getInputProps("name")}
            error={fieldErrors(failure).name}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {texts.shell.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function PasswordPanel() {
  const form = useForm({ mode: "uncontrolled", initialValues: { current: "", new: "" } });
  const { busy, failure, submit } = useSend(async (password: { current: string; new: string }) => {
    takeSession(await ask(api.PATCH("/console/v1/user", { body: { password } })));
    form.reset();
    tell(people.saved);
  });
  return (
    <Panel title={people.changePassword} about={people.newPasswordAbout}>
      <form onSubmit={form.onSubmit(submit)}>
        <Stack gap="sm">
          <Why failure={failure} />
          <PasswordInput
            label={people.currentPassword}
            autoComplete="current-password"
            required
            key={form.key("current")}
            {...form.getInputProps("current")}
          />
          <PasswordInput
            label={people.newPassword}
            description={people.passwordHint}
            autoComplete="new-password"
            required
            minLength={10}
            key={form.key("new")}
            {...form.getInputProps("new")}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {people.changePassword}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}
