import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useLocation, useSearch } from "wouter";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { fieldErrors, Why } from "@/parts/refusal";
import { Loading } from "@/parts/states";
import { useSend } from "@/parts/useSend";
import { takeSession } from "@/state/session";
import { people } from "@/texts/people";
import { Entrance } from "./Entrance";

export default function InvitationPage() {
  const [, go] = useLocation();
  const token = new URLSearchParams(useSearch()).get("token") ?? "";
  const invitation = useAsk(
    ["invitation", token],
    () => ask(api.POST("/console/v1/invitations/look-up", { body: { token } })),
    { when: token !== "" },
  );
  const form = useForm({ mode: "uncontrolled", initialValues: { name: "", password: "" } });
  const known = invitation.data?.has_account ?? false;
  const { busy, failure, submit } = useSend(async ({ name, password }: { name: string; password: string }) => {
    const body = { token, password, ...(known ? {} : { name }) };
    takeSession(await ask(api.POST("/console/v1/invitations/accept", { body })));
    go("/", { replace: true });
  });
  if (token === "") return <Entrance title={people.linkMissing} about={people.linkMissingHint} />;
  if (invitation.isError) return <Entrance title={people.invitationGone} about={invitation.error.message} />;
  if (!invitation.data)
    return (
      <Entrance title={people.invitation}>
        <Loading height={180} />
      </Entrance>
    );
  const { email, project, role } = invitation.data;
  const errors = fieldErrors(failure);
  return (
    <Entrance title={people.invitation} about={people.invitationTo(project, people.roles[role])}>
      <form onSubmit={form.onSubmit(submit)}>
        <Stack gap="sm">
          <Why failure={failure} />
          {known && <Text size="sm">{people.hasAccount}</Text>}
          <TextInput label={people.email} value={email} readOnly autoComplete="username" />
          {!known && (
            <TextInput
              label={people.name}
              autoComplete="name"
              required
              maxLength={100}
              key={form.key("name")}
              {...form.getInputProps("name")}
              error={errors.name}
            />
          )}
          <PasswordInput
            label={people.password}
            {...(known ? {} : { description: people.passwordHint, minLength: 10 })}
            autoComplete={known ? "current-password" : "new-password"}
            required
            key={form.key("password")}
            {...form.getInputProps("password")}
            error={errors.password}
          />
          <Button type="submit" loading={busy} fullWidth mt={4}>
            {people.accept}
          </Button>
        </Stack>
      </form>
    </Entrance>
  );
}
