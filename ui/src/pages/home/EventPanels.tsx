import type { UseQueryResult } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { formatNumber } from "@/format/numbers";
import { formatAgo, formatTime } from "@/format/times";
import { type Column, DataTable } from "@/parts/DataTable";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { home } from "@/texts/home";
import { Into } from "./Into";
import { useNewest } from "./questions";

const ROWS = 8;
const HEIGHT = 320;

interface Name {
  name: string;
  count: number;
  last_at: string;
}

/** The names of events that there are most of; each leads to its question. */
export function TopPanel({ names }: { names: UseQueryResult<{ events: Name[] }, Error> }) {
  const [, go] = useLocation();
  return (
    <Panel flush title={home.top} about={home.topAbout} actions={<Into href="/explore" name={home.toExplore} />}>
      <Answer of={names} height={HEIGHT}>
        {({ events }) => {
          const most = events[0]?.count ?? 1;
          const columns: Column<Name>[] = [
            { id: "name", title: home.name, cell: (row) => row.name },
            { id: "last", title: home.last, cell: (row) => <Ago at={row.last_at} />, width: 110 },
            {
              id: "count",
              title: home.count,
              number: true,
              cell: (row) => formatNumber(row.count),
              share: (row) => row.count / most,
              width: "38%",
            },
          ];
          return (
            <DataTable
              label={home.top}
              columns={columns}
              rows={events.slice(0, ROWS)}
              rowKey={(row) => row.name}
              onRow={(row) => go(`/explore?event=${encodeURIComponent(row.name)}`)}
              rowLabel={(row) => home.exploreEvent(row.name)}
            />
          );
        }}
      </Answer>
    </Panel>
  );
}

function Ago({ at }: { at: string }) {
  return (
    <span className="figures" style={{ whiteSpace: "nowrap" }}>
      {formatAgo(at)}
    </span>
  );
}

interface Newest {
  id: string;
  event_name: string;
  external_customer_id: string;
  timestamp: string;
}

const COLUMNS: readonly Column<Newest>[] = [
  { id: "name", title: home.name, cell: (row) => row.event_name },
  { id: "who", title: home.who, cell: (row) => row.external_customer_id || "–" },
  { id: "at", title: home.at, cell: (row) => <Ago at={row.timestamp} />, width: 110 },
];

export function NewestPanel({ onOpen }: { onOpen: (id: string) => void }) {
  const newest = useNewest(ROWS);
  return (
    <Panel flush title={home.newest} about={home.newestAbout} actions={<Into href="/live" name={home.toLive} />}>
      <Answer
        of={newest}
        height={HEIGHT}
        isEmpty={({ events }) => events.length === 0}
        empty={<Empty title={home.none} hint={home.noneHint} height={HEIGHT} />}
      >
        {({ events }) => (
          <DataTable
            label={home.newest}
            columns={COLUMNS}
            rows={events.slice(0, ROWS)}
            rowKey={(row) => row.id}
            onRow={(row) => onOpen(row.id)}
            rowLabel={(row) => home.openEvent(row.event_name, formatTime(row.timestamp))}
          />
        )}
      </Answer>
    </Panel>
  );
}
