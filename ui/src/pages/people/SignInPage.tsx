import { Alert, Anchor, Button, Code, Divider, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useInterval } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { Redirect, useLocation, useSearch } from "wouter";
import { api, ask, Refused } from "@/api/client";
import { useAsk } from "@/api/queries";
import { Why } from "@/parts/refusal";
import { useSend } from "@/parts/useSend";
import { takeSession, useSessionQuery } from "@/state/session";
import { people } from "@/texts/people";
import { Entrance } from "./Entrance";

/** Where to go on: only a path of our own, so that a foreign link cannot send people away after they signed in. */
function nextOf(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}

export default function SignInPage() {
  const [, go] = useLocation();
  const search = useSearch();
  const next = nextOf(search);
  const refused = new URLSearchParams(search).get("refused");
  const session = useSessionQuery();
  const welcome = useAsk(["welcome"], (signal) => ask(api.GET("/console/v1/welcome", { signal })));
  const form = useForm({ mode: "uncontrolled", initialValues: { email: "", password: "" } });
  const { busy, failure, submit } = useSend(async (values: { email: string; password: string }) => {
    takeSession(await ask(api.POST("/console/v1/session", { body: values })));
    go(next, { replace: true });
  });
  const wait = useWait(failure);
  if (session.data) return <Redirect to={next} replace />;
  if (welcome.data?.needs_owner) return <Entrance title={people.noOwner} about={people.noOwnerHint} />;
  const oidc = welcome.data?.oidc;
  return (
    <Entrance title={people.signIn} about={people.signInAbout}>
      <form onSubmit={form.onSubmit(submit)}>
        <Stack gap="sm">
          {wait > 0 ? (
            <Alert color="orange" variant="light" role="alert" p="xs">
              {people.wait(wait)}
            </Alert>
          ) : (
            <Why failure={failure ?? refused} />
          )}
          <TextInput
            label={people.email}
            type="email"
            autoComplete="username"
            required
            autoFocus
            key={form.key("email")}
            {...form.getInputProps("email")}
          />
          <PasswordInput
            label={people.password}
            autoComplete="current-password"
            required
            key={form.key("password")}
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={busy} disabled={wait > 0} fullWidth mt={4}>
            {people.signIn}
          </Button>
        </Stack>
      </form>
      {oidc && (
        <>
          <Divider label={people.or} />
          <Button
            component="a"
            href={`/console/v1/oidc/start?next=${encodeURIComponent(next)}`}
            variant="default"
            fullWidth
          >
            {people.signInWith(oidc.name)}
          </Button>
        </>
      )}
      <Text size="xs" className="soft">
        {people.forgot} <Code>streamgauge users link {"EMAIL"}</Code>
      </Text>
      <Anchor href="/docs" size="xs">
        API
      </Anchor>
    </Entrance>
  );
}

/** Seconds until the next try, counted down. */
function useWait(failure: unknown): number {
  const [left, setLeft] = useState(0);
  const clock = useInterval(() => setLeft((before) => Math.max(0, before - 1)), 1000);
  const { start, stop } = clock;
  useEffect(() => {
    if (!(failure instanceof Refused) || !failure.retryAfterS) return;
    setLeft(failure.retryAfterS);
    start();
    return stop;
  }, [failure, start, stop]);
  return left;
}
