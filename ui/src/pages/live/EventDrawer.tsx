/** One event: what was sent, as it is stored, and its receipt, which says what became of it. */
import { Badge, Box, Divider, Drawer, Group, Stack, Text } from "@mantine/core";
import { useAsk } from "@/api/queries";
import { formatDecimal } from "@/format/numbers";
import { formatClock, formatDay } from "@/format/times";
import { Copy } from "@/parts/Copy";
import { Snippets } from "@/parts/Snippet";
import { Answer } from "@/parts/states";
import { useProject } from "@/state/session";
import { texts } from "@/texts";
import { live } from "@/texts/live";
import { askReceipt, type Receipt } from "./receipt";

/** id: of the event; "" closes it. */
export function EventDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  return (
    <Drawer
      opened={id !== ""}
      onClose={onClose}
      position="right"
      size="lg"
      title={live.detail}
      closeButtonProps={{ "aria-label": texts.shell.close }}
    >
      {id !== "" && <Detail id={id} />}
    </Drawer>
  );
}

function Detail({ id }: { id: string }) {
  const project = useProject();
  const receipt = useAsk([project.id, "receipt", id], (signal) => askReceipt(id, signal), { keep: false });
  return (
    <Answer of={receipt} height={480}>
      {(told) => (
        <Stack gap="md">
          <Facts id={id} told={told} />
          <Divider />
          <Outcome told={told} />
          <Divider />
          <Snippets
            label={live.json}
            of={[
              { name: live.json, code: told.eventJson },
              { name: live.whole, code: told.receiptJson },
            ]}
          />
        </Stack>
      )}
    </Answer>
  );
}

/** To the millisecond: what is looked for here is often the order of things. */
function momentOf(at: string): string {
  return `${formatDay(at)}, ${formatClock(at)}`;
}

function Facts({ id, told }: { id: string; told: Receipt }) {
  const facts: [string, string][] = [
    [live.happened, momentOf(told.happened)],
    [live.received, momentOf(told.received)],
    [live.door, live.doors[told.door as keyof typeof live.doors] ?? told.door],
    ...(told.customer ? [[live.customer, told.customer] as [string, string]] : []),
  ];
  return (
    <Stack gap={6}>
      <Text fw={650} size="lg" style={{ overflowWrap: "anywhere" }}>
        {told.event}
      </Text>
      {facts.map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
      <Fact name={live.id}>
        <Group gap={2} wrap="nowrap" justify="flex-end">
          {id}
          <Copy text={id} label={live.id} />
        </Group>
      </Fact>
    </Stack>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <Group justify="space-between" wrap="nowrap" gap="md" mih={28} align="center">
      <Text size="sm" className="soft">
        {name}
      </Text>
      <Box className="figures" fz="sm" style={{ overflowWrap: "anywhere", textAlign: "right" }}>
        {children}
      </Box>
    </Group>
  );
}

/** Which meters count it, with how much; why not, where none does. */
function Outcome({ told }: { told: Receipt }) {
  const { counted, reason, standing, versions, conversions } = told;
  return (
    <Stack gap={6} role="group" aria-label={live.receipt}>
      <Group justify="space-between">
        <Text fw={600}>{live.receipt}</Text>
        <Badge variant="dot" color={standing === "in_force" ? "teal" : "orange"} tt="none">
          {live.standings[standing as keyof typeof live.standings] ?? standing}
        </Badge>
      </Group>
      {versions > 1 && (
        <Text size="sm" className="soft">
          {live.versions(String(versions))}
        </Text>
      )}
      {counted.length === 0 ? (
        <Text size="sm">{live.reasons[reason as keyof typeof live.reasons] ?? live.noMeters}</Text>
      ) : (
        counted.map(({ id, meter, quantity }) => (
          <Fact key={id} name={live.countedBy(meter)}>
            {formatDecimal(quantity)}
          </Fact>
        ))
      )}
      {conversions.map((name) => (
        <Text key={name} size="sm">
          {live.conversion(name)}
        </Text>
      ))}
    </Stack>
  );
}
