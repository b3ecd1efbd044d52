/** One event: what was sent, as it is stored, and what became of it. */
import { Badge, Drawer, Group, Stack, Text } from "@mantine/core";
import { askText, indented, parseExact } from "@/api/exact";
import { useAsk } from "@/api/queries";
import { formatTime } from "@/format/times";
import { Snippet } from "@/parts/Snippet";
import { Answer } from "@/parts/states";
import { useProject } from "@/state/session";
import { texts } from "@/texts";
import { live } from "@/texts/live";

/** What the drawer needs to know beforehand. */
export interface Opened {
  id: string;
  event: string;
  at: string;
  received_at: string;
  door: string;
}

export function EventDrawer({ event, onClose }: { event: Opened | null; onClose: () => void }) {
  return (
    <Drawer
      opened={event !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={event?.event ?? live.detail}
      closeButtonProps={{ "aria-label": texts.shell.close }}
    >
      {event && <Detail event={event} />}
    </Drawer>
  );
}

function Detail({ event }: { event: Opened }) {
  const facts = [
    [live.happened, formatTime(event.at)],
    [live.received, formatTime(event.received_at)],
    [live.door, event.door],
    [live.id, event.id],
  ] as const;
  return (
    <Stack gap="md">
      <Stack gap={4}>
        {facts.map(([name, value]) => (
          <Group key={name} justify="space-between" wrap="nowrap" gap="md">
            <Text size="sm" className="soft">
              {name}
            </Text>
            <Text size="sm" className="figures" style={{ overflowWrap: "anywhere" }}>
              {value}
            </Text>
          </Group>
        ))}
      </Stack>
      <Receipt id={event.id} />
    </Stack>
  );
}

/** The receipt has the event as it is stored, and each meter that counts it. */
function Receipt({ id }: { id: string }) {
  const project = useProject();
  const receipt = useAsk(
    ["receipt", project.id, id],
    async (signal) => {
      const text = await askText(`/flexprice/v1/events/${encodeURIComponent(id)}`, [], signal);
      return { text, body: parseExact(text) as Record<string, unknown> };
    },
    { keep: false },
  );
  return (
    <Answer of={receipt} height={320}>
      {({ text, body }) => {
        const processed = Array.isArray(body.processed_events)
          ? (body.processed_events as Record<string, unknown>[])
          : [];
        return (
          <Stack gap="md">
            <div>
              <Group gap="xs" mb={4}>
                <Text fw={600}>{live.receipt}</Text>
                {typeof body.status === "string" && (
                  <Badge variant="light" tt="none">
                    {body.status}
                  </Badge>
                )}
              </Group>
              <Text size="sm" className="soft" mb="xs">
                {live.receiptAbout}
              </Text>
              {processed.length === 0 ? (
                <Text size="sm">{live.noMeters}</Text>
              ) : (
                processed.map((one, place) => (
                  <Group key={place} justify="space-between">
                    <Text size="sm">{String(one.meter_id ?? one.feature_id ?? "")}</Text>
                    <Text size="sm" className="figures">
                      {String(one.qty_total ?? one.quantity ?? "")}
                    </Text>
                  </Group>
                ))
              )}
            </div>
            <Snippet label={live.json} code={indented(text)} />
          </Stack>
        );
      }}
    </Answer>
  );
}
