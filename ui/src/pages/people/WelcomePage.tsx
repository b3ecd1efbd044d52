import { Anchor, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { Link, useLocation, useSearch } from "wouter";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { fieldErrors, Why } from "@/parts/refusal";
import { useSend } from "@/parts/useSend";
import { takeSession } from "@/state/session";
import { people } from "@/texts/people";
import { Entrance } from "./Entrance";

export default function WelcomePage() {
  const [, go] = useLocation();
  const token = new URLSearchParams(useSearch()).get("token") ?? "";
  const welcome = useAsk(["welcome"], (signal) => ask(api.GET("/console/v1/welcome", { signal })));
  const form = useForm({ mode: "uncontrolled", initialValues: { email: "", name: "", password: "" } });
  const { busy, failure, submit } = useSend(async (values: { email: string; name: string; password: string }) => {
    takeSession(await ask(api.POST("/console/v1/owner", { body: { token, ...values } })));
    go("/", { replace: true });
  });
  if (welcome.data && !welcome.data.needs_owner)
    return (
      <Entrance title={people.linkUsed} about={people.linkUsedHint}>
        <Button component={Link} href="/sign-in">
          {people.signIn}
        </Button>
      </Entrance>
    );
  if (token === "") return <Entrance title={people.linkMissing} about={people.linkMissingHint} />;
  const errors = fieldErrors(failure);
  return (
    <Entrance title={people.welcome} about={people.welcomeAbout}>
      <form onSubmit={form.onSubmit(submit)}>
        <Stack gap="sm">
          <Why failure={failure} />
          <TextInput
            label={people.name}
            autoComplete="name"
            required
            autoFocus
            maxLength={100}
            key={form.key("name")}
            {...form.getInputProps("name")}
            error={errors.name}
          />
          <TextInput
            label={people.email}
            type="email"
            autoComplete="username"
            required
            key={form.key("email")}
            {...form.getInputProps("email")}
            error={errors.email}
          />
          <PasswordInput
            label={people.password}
            description={people.passwordHint}
            autoComplete="new-password"
            required
            minLength={10}
            key={form.key("password")}
            {...form.getInputProps("password")}
            error={errors.password}
          />
          <Button type="submit" loading={busy} fullWidth mt={4}>
            {people.begin}
          </Button>
        </Stack>
      </form>
      <Anchor component={Link} href="/sign-in" size="sm">
        {people.signIn}
      </Anchor>
    </Entrance>
  );
}
