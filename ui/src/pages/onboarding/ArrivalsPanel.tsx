import { Button, Code, Group, Loader, Stack, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { Link } from "wouter";
import { formatNumber } from "@/format/numbers";
import { formatClock } from "@/format/times";
import { Panel } from "@/parts/Panel";
import { Snippet } from "@/parts/Snippet";
import { onboarding as words } from "@/texts/onboarding";
import type { Arrivals } from "./arrivals";

/** Waits, and shows the newest event once there is one. Said to screen readers as it happens. */
export function ArrivalsPanel({ arrivals }: { arrivals: Arrivals }) {
  const { newest, count, lost } = arrivals;
  return (
    <Panel>
      <Stack gap="sm" style={{ minHeight: 48 }}>
        <Group gap="sm" wrap="nowrap" role="status">
          {newest ? (
            <IconCircleCheck size={26} color="var(--rise)" aria-hidden />
          ) : (
            <Loader type="dots" size="sm" aria-hidden />
          )}
          <div>
            <Text fw={650}>{newest ? words.arrived : words.waiting}</Text>
            <Text size="sm" className="soft">
              {lost ? words.streamLost : newest ? words.arrivedHint : words.waitingHint}
            </Text>
          </div>
        </Group>
        {newest && (
          <>
            <Group gap="xs" justify="space-between">
              <Group gap="xs">
                <Code>{newest.event}</Code>
                <Text size="sm" className="soft figures">
                  {formatClock(newest.received_at)}
                </Text>
              </Group>
              {count > 0 && (
                <Text size="sm" className="soft figures">
                  {words.count(formatNumber(count))}
                </Text>
              )}
            </Group>
            <Snippet code={JSON.stringify(told(newest), null, 2)} label={words.newest} />
            <Group gap="xs">
              <Button component={Link} href="/">
                {words.toHome}
              </Button>
              <Button component={Link} href={`/explore?event=${encodeURIComponent(newest.event)}`} variant="default">
                {words.toExplore}
              </Button>
              <Button component={Link} href="/live" variant="default">
                {words.toLive}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Panel>
  );
}

/** Only what the event has. */
function told(event: object): object {
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null && value !== ""));
}
