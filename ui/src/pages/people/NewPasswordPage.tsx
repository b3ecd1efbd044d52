import { Button, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useLocation, useSearch } from "wouter";
import { api, ask } from "@/api/client";
import { fieldErrors, Why } from "@/parts/refusal";
import { useSend } from "@/parts/useSend";
import { takeSession } from "@/state/session";
import { people } from "@/texts/people";
import { Entrance } from "./Entrance";

export default function NewPasswordPage() {
  const [, go] = useLocation();
  const token = new URLSearchParams(useSearch()).get("token") ?? "";
  const form = useForm({ mode: "uncontrolled", initialValues: { password: "" } });
  const { busy, failure, submit } = useSend(async ({ password }: { password: string }) => {
    takeSession(await ask(api.POST("/console/v1/new-password", { body: { token, password } })));
    go("/", { replace: true });
  });
  if (token === "") return <Entrance title={people.linkMissing} about={people.linkMissingHint} />;
  return (
    <Entrance title={people.newPasswordTitle} about={people.newPasswordAbout}>
      <form onSubmit={form.onSubmit(submit)}>
        <Stack gap="sm">
          <Why failure={failure} />
          <PasswordInput
            label={people.newPassword}
            description={people.passwordHint}
            autoComplete="new-password"
            required
            autoFocus
            minLength={10}
            key={form.key("password")}
            {...form.getInputProps("password")}
            error={fieldErrors(failure).password}
          />
          <Button type="submit" loading={busy} fullWidth mt={4}>
            {people.setPassword}
          </Button>
        </Stack>
      </form>
    </Entrance>
  );
}
