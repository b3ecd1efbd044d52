import { SimpleGrid, Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { formatDecimal, formatShare } from "@/format/numbers";
import { type Column, DataTable } from "@/parts/DataTable";
import { Figure } from "@/parts/Figure";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { home } from "@/texts/home";
import { Into } from "./Into";
import { type Near, type Used, useLimits } from "./questions";

const ROWS = 4;
const HEIGHT = 36 + 56 * ROWS;

export function UsagePanel({ meters }: { meters: UseQueryResult<Used[], Error> }) {
  return (
    <Panel title={home.usage} about={home.usageAbout} actions={<Into href="/meters" name={home.toMeters} />}>
      <Answer of={meters} height={118}>
        {(known) => (
          <SimpleGrid cols={2} spacing="sm">
            {known.map(({ id, name, value }) => (
              <Figure key={id} label={name} value={formatDecimal(value)} />
            ))}
          </SimpleGrid>
        )}
      </Answer>
    </Panel>
  );
}

const COLUMNS: readonly Column<Near>[] = [
  {
    id: "customer",
    title: home.customer,
    cell: (row) => (
      <>
        {row.customer}
        <Text component="span" display="block" size="xs" className="soft">
          {row.feature}
        </Text>
      </>
    ),
  },
  {
    id: "used",
    title: home.used,
    number: true,
    cell: (row) => home.ofLimit(formatDecimal(row.used), formatDecimal(row.limit)),
  },
  {
    id: "share",
    title: home.share,
    number: true,
    cell: (row) => formatShare(row.share, 0),
    share: (row) => row.share,
    width: 110,
  },
];

/** Whose limit is used up soonest. */
export function LimitsPanel() {
  const limits = useLimits(true);
  const { all = 0, lookedAt = 0 } = limits.data ?? {};
  return (
    <Panel
      flush
      title={home.limits}
      about={all > lookedAt ? home.limitsAbout(String(lookedAt), String(all)) : home.limitsAllAbout}
      actions={<Into href="/limits" name={home.toLimits} />}
    >
      <Answer
        of={limits}
        height={HEIGHT}
        isEmpty={({ near }) => near.length === 0}
        empty={<Empty title={home.noLimits} hint={home.noLimitsHint} height={HEIGHT} />}
      >
        {({ near }) => (
          <DataTable label={home.limits} columns={COLUMNS} rows={near.slice(0, ROWS)} rowKey={(row) => row.id} />
        )}
      </Answer>
    </Panel>
  );
}
