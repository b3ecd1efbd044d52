/** Events as they arrive, newest first. */
import { Badge, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPlayerPause, IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { memo, useCallback } from "react";
import { formatDecimal, formatNumber } from "@/format/numbers";
import { formatClock } from "@/format/times";
import { EventSelect } from "@/pages/explore/EventSelect";
import { type Column, DataTable } from "@/parts/DataTable";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Empty, Failure } from "@/parts/states";
import { text, useUrlState } from "@/state/url";
import { live } from "@/texts/live";
import { EventDrawer } from "./EventDrawer";
import { type LiveEvent, MOST, useFeed } from "./feed";

const fields = { event: text(), customer: text(), website: text(), open: text() } as const;
const DOTS = { connecting: "gray", live: "teal", paused: "orange", lost: "red" } as const;

export default function LivePage() {
  const [{ open, ...filter }, change] = useUrlState(fields);
  const feed = useFeed(filter);
  const show = useCallback((event: LiveEvent) => change({ open: event.id }), [change]);
  const paused = feed.state === "paused";
  const isFiltered = Object.values(filter).some((value) => value !== "");
  return (
    <Page
      title={live.title}
      about={live.about}
      actions={
        <>
          <Badge color={DOTS[feed.state]} variant="dot" size="lg" tt="none" role="status">
            {live.states[feed.state]}
          </Badge>
          <Button
            variant="default"
            leftSection={paused ? <IconPlayerPlay size={16} /> : <IconPlayerPause size={16} />}
            onClick={() => feed.pause(!paused)}
          >
            {paused ? live.resume : live.pause}
          </Button>
          <Button variant="default" leftSection={<IconTrash size={16} />} onClick={feed.clear}>
            {live.clear}
          </Button>
        </>
      }
    >
      <Stack gap="md">
        <Panel>
          <Filters filter={filter} change={change} />
        </Panel>
        <Panel
          flush
          title={live.list}
          actions={
            <Text size="sm" className="soft figures">
              {paused && feed.waiting > 0
                ? live.waiting(formatDecimal(String(feed.waiting)))
                : live.rate(formatNumber(feed.perSecond, 1))}
            </Text>
          }
        >
          {feed.skipped > 0 && (
            <Text size="sm" px="md" pb="xs" role="status">
              {live.skipped(formatDecimal(String(feed.skipped)))}
            </Text>
          )}
          {feed.events.length > 0 ? (
            <EventTable events={feed.events} onOpen={show} />
          ) : feed.failure && feed.state === "lost" ? (
            <Failure error={feed.failure} height={320} />
          ) : (
            <Empty title={live.emptyTitle} hint={isFiltered ? live.emptyFilteredHint : live.emptyHint} height={320} />
          )}
        </Panel>
      </Stack>
      <EventDrawer id={open} onClose={() => change({ open: "" }, { replace: true })} />
    </Page>
  );
}

interface FiltersProps {
  filter: { event: string; customer: string; website: string };
  change: (given: Partial<FiltersProps["filter"]>, how?: { replace?: boolean }) => void;
}

function Filters({ filter, change }: FiltersProps) {
  const typed = useDebouncedCallback((given: Partial<FiltersProps["filter"]>) => change(given, { replace: true }), 400);
  return (
    <Group gap="sm" align="flex-end" wrap="wrap">
      <EventSelect
        label={live.event}
        placeholder={live.any}
        value={filter.event}
        onPick={(event) => change({ event })}
        clearable
        clearButtonProps={{ "aria-label": `${live.event}: ${live.any}` }}
        w={{ base: "100%", xs: 240 }}
      />
      <TextInput
        label={live.customer}
        placeholder={live.any}
        defaultValue={filter.customer}
        onChange={(input) => typed({ customer: input.currentTarget.value.trim() })}
        w={{ base: "calc(50% - 6px)", xs: 200 }}
      />
      <TextInput
        label={live.website}
        placeholder={live.any}
        defaultValue={filter.website}
        onChange={(input) => typed({ website: input.currentTarget.value.trim() })}
        w={{ base: "calc(50% - 6px)", xs: 200 }}
      />
    </Group>
  );
}

const who = (event: LiveEvent) => event.customer ?? event.visitor ?? "–";
const where = (event: LiveEvent) => [event.website, event.path].filter(Boolean).join(" ") || "–";

function shortProperties({ properties }: LiveEvent): string {
  const parts = Object.entries(properties).slice(0, 6);
  return parts
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");
}

const COLUMNS: readonly Column<LiveEvent>[] = [
  { id: "event", title: live.columns.event, cell: (event) => event.event, width: 150 },
  { id: "received", title: live.columns.received, cell: (event) => formatClock(event.received_at), width: 110 },
  { id: "who", title: live.columns.who, cell: who, width: 190 },
  { id: "where", title: live.columns.where, cell: where, width: 220 },
  { id: "properties", title: live.columns.properties, cell: shortProperties },
];

/** Drawn again only when there are others: not for each figure that changes. */
const EventTable = memo(function EventTable({
  events,
  onOpen,
}: {
  events: readonly LiveEvent[];
  onOpen: (event: LiveEvent) => void;
}) {
  const shown = events.slice(0, SHOWN);
  return (
    <>
      <DataTable
        label={live.list}
        columns={COLUMNS}
        rows={shown}
        rowKey={(event) => event.position}
        onRow={onOpen}
        rowLabel={(event) => live.open(event.event, formatClock(event.received_at))}
        minWidth={760}
        maxHeight={620}
      />
      {events.length >= SHOWN && (
        <Text size="xs" className="soft" px="md" py="xs">
          {live.kept(formatDecimal(String(shown.length)), formatDecimal(String(Math.min(events.length, MOST))))}
        </Text>
      )}
    </>
  );
});

const SHOWN = 100;
