import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import { IconDatabaseImport } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { Link } from "wouter";
import { api, ask } from "@/api/client";
import { formatNumber } from "@/format/numbers";
import { formatDay } from "@/format/times";
import { Panel } from "@/parts/Panel";
import { tellFailure } from "@/parts/tell";
import { useMay, useProject } from "@/state/session";
import { onboarding as words } from "@/texts/onboarding";
import { type Arrivals, forgetEmptiness } from "./arrivals";

interface Loaded {
  events: number;
  website_id: string;
  from: string;
  to: string;
}

/** arrivals: of the project; a load goes from the first day to today, so that the newest one says how far it is. */
export function SamplePanel({ arrivals }: { arrivals: Arrivals }) {
  const project = useProject();
  const mayLoad = useMay("admin");
  const [begunAt, setBegunAt] = useState<number | null>(null);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const from = useRef<number | null>(null);
  const arrived = begunAt === null ? 0 : arrivals.count - begunAt;
  const at = arrivals.newest && arrived > 0 ? Date.parse(arrivals.newest.at) : null;
  if (at !== null) from.current ??= at;
  const share = at === null || from.current === null ? 0 : (at - from.current) / (Date.now() - from.current);
  const load = async () => {
    from.current = null;
    setBegunAt(arrivals.count);
    try {
      setLoaded(await ask(api.POST("/console/v1/sample-data")));
      forgetEmptiness(project.id);
    } catch (failure) {
      tellFailure(failure);
    } finally {
      setBegunAt(null);
    }
  };
  return (
    <Panel title={words.sampleTitle} about={words.sampleAbout}>
      <Stack gap="sm" style={{ minHeight: 96 }}>
        <Text size="sm" className="soft">
          {mayLoad ? words.sampleHint : words.sampleByAdmin}
        </Text>
        {begunAt !== null ? (
          <Stack gap={6} role="status">
            <Progress
              value={Math.min(100, Math.max(3, share * 100))}
              animated
              striped
              aria-label={words.sampleLoading}
            />
            <Text size="sm" className="figures">
              {words.sampleLoading} · {words.sampleSoFar(formatNumber(arrived))}
            </Text>
          </Stack>
        ) : loaded ? (
          <Group justify="space-between" role="status">
            <Text size="sm" fw={600} className="figures">
              {words.sampleDone(
                formatNumber(loaded.events),
                formatDay(loaded.from, "UTC"),
                formatDay(loaded.to, "UTC"),
              )}
            </Text>
            <Group gap="xs">
              <Button component={Link} href="/">
                {words.toHome}
              </Button>
              <Button component={Link} href={`/web/${encodeURIComponent(loaded.website_id)}`} variant="default">
                {words.toWeb}
              </Button>
            </Group>
          </Group>
        ) : (
          mayLoad && (
            <Button
              variant="default"
              w="fit-content"
              leftSection={<IconDatabaseImport size={16} aria-hidden />}
              onClick={() => void load()}
            >
              {words.sampleLoad}
            </Button>
          )
        )}
      </Stack>
    </Panel>
  );
}
