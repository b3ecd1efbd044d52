/** What a new project begins with: a key, code that sends an event, and the first event as it arrives. */
import { Alert, Anchor, Button, Group, SegmentedControl, SimpleGrid, Stack, Text, useMatches } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { Link } from "wouter";
import { api, ask } from "@/api/client";
import { queryClient } from "@/api/queries";
import { Copy } from "@/parts/Copy";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Snippets } from "@/parts/Snippet";
import { tellFailure } from "@/parts/tell";
import { useMay, useProject } from "@/state/session";
import { choice, useUrlState } from "@/state/url";
import { onboarding as words } from "@/texts/onboarding";
import { ArrivalsPanel } from "./ArrivalsPanel";
import { forgetEmptiness, useArrivals } from "./arrivals";
import { curlOf, DOORS, type Door, javascriptOf, pythonOf, sendingOf } from "./code";
import { SamplePanel } from "./SamplePanel";
import { SiteStep, useFirstSite } from "./SiteStep";

const STATE = { door: choice<Door>(DOORS, "solinth") };

export default function OnboardingPage() {
  const project = useProject();
  const [secret, setSecret] = useState("");
  const arrivals = useArrivals();
  const alive = arrivals.newest !== null;
  useEffect(() => {
    if (alive) forgetEmptiness(project.id);
  }, [alive, project.id]);
  return (
    <Page title={words.title} about={words.about}>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <Stack gap="md" style={{ minWidth: 0 }}>
          <KeyPanel secret={secret} onMade={setSecret} />
          <SendPanel secret={secret} />
        </Stack>
        <Stack gap="md" style={{ minWidth: 0 }}>
          <ArrivalsPanel arrivals={arrivals} />
          <SamplePanel arrivals={arrivals} />
        </Stack>
      </SimpleGrid>
    </Page>
  );
}

function KeyPanel({ secret, onMade }: { secret: string; onMade: (secret: string) => void }) {
  const project = useProject();
  const mayMake = useMay("admin");
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    try {
      const body = { name: words.keyName, scopes: ["ingest" as const, "read" as const] };
      onMade((await ask(api.POST("/console/v1/keys", { body }))).secret);
      void queryClient.invalidateQueries({ queryKey: [project.id, "keys"] });
    } catch (failure) {
      tellFailure(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel title={words.keyTitle}>
      {secret ? (
        <Alert variant="light" role="status" p="sm">
          <Stack gap="xs">
            <Text size="sm">{words.keyMade}</Text>
            <Group gap="xs" wrap="nowrap" justify="space-between">
              <Text
                component="code"
                ff="monospace"
                size="sm"
                style={{ overflowWrap: "anywhere" }}
                data-testid="new-secret"
              >
                {secret}
              </Text>
              <Copy text={secret} label={words.keyLabel} />
            </Group>
            <Anchor component={Link} href="/settings/keys" size="sm" underline="always" w="fit-content">
              {words.keyManage}
            </Anchor>
          </Stack>
        </Alert>
      ) : (
        <Stack gap="sm" align="flex-start">
          <Text size="sm" className="soft">
            {mayMake ? words.keyMissing : words.keyByAdmin}
          </Text>
          {mayMake && (
            <Button leftSection={<IconKey size={16} aria-hidden />} loading={busy} onClick={() => void make()}>
              {words.makeKey}
            </Button>
          )}
        </Stack>
      )}
    </Panel>
  );
}

function SendPanel({ secret }: { secret: string }) {
  const [{ door }, change] = useUrlState(STATE);
  const site = useFirstSite(door === "thebizness");
  const opened = useMemo(() => new Date(), []);
  const orientation = useMatches({ base: "vertical" as const, xs: "horizontal" as const });
  const key = secret || words.placeholder;
  const sending = sendingOf(door, window.location.origin, key, site.data?.id ?? "");
  return (
    <Panel title={words.sendTitle}>
      <Stack gap="sm">
        <SegmentedControl
          aria-label={words.doors.label}
          value={door}
          onChange={(chosen) => change({ door: chosen as Door }, { replace: true })}
          data={DOORS.map((value) => ({ value, label: words.doors[value] }))}
          orientation={orientation}
          fullWidth
        />
        <Text size="sm" className="soft">
          {words.doorHints[door]}
        </Text>
        {door === "thebizness" && <SiteStep of={site} />}
        {(door !== "thebizness" || site.data) && (
          <Snippets
            label={words.code}
            of={[
              { name: "curl", code: curlOf(sending, opened) },
              { name: "Python", code: pythonOf(sending) },
              { name: "JavaScript", code: javascriptOf(sending) },
            ]}
          />
        )}
      </Stack>
    </Panel>
  );
}
