/** The values of a dimension, most visitors first; pressing one looks at its visits alone. */
import { Box, SimpleGrid, Tabs } from "@mantine/core";
import { formatDecimal } from "@/format/numbers";
import { type Dimension, formatMetric, valueName } from "@/format/site";
import { WorldMap } from "@/parts/charts/WorldMap";
import { type Column, DataTable } from "@/parts/DataTable";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { web } from "@/texts/web";
import { type Numbers, numberOf, PLACES, rowsOf, selection, useSiteAnswer } from "./site";
import type { PartProps } from "./WebPage";

const HEIGHT = 300;
const MOST = "50";

interface BreakdownProps<D extends Dimension> extends PartProps {
  title: string;
  of: readonly D[];
  chosen: D;
  onChoose: (dimension: D) => void;
}

export function Breakdown<D extends Dimension>({ title, of, chosen, onChoose, ...part }: BreakdownProps<D>) {
  return (
    <Panel title={title} flush>
      <Choice of={of} chosen={chosen} label={title} onChoose={onChoose}>
        <Rows {...part} dimension={chosen} />
      </Choice>
    </Panel>
  );
}

interface ChoiceProps<D extends Dimension> {
  of: readonly D[];
  chosen: D;
  label: string;
  onChoose: (dimension: D) => void;
  children: React.ReactNode;
}

function Choice<D extends Dimension>({ of, chosen, label, onChoose, children }: ChoiceProps<D>) {
  return (
    <Tabs value={chosen} onChange={(value) => onChoose(of.find((one) => one === value) ?? chosen)}>
      <Tabs.List aria-label={label} px="xs" style={{ flexWrap: "nowrap", overflowX: "auto", overflowY: "hidden" }}>
        {of.map((dimension) => (
          <Tabs.Tab key={dimension} value={dimension} fz="sm">
            {web.dimensions[dimension]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {of.map((dimension) => (
        <Tabs.Panel key={dimension} value={dimension} pt={4}>
          {dimension === chosen && children}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

type Row = { value: string } & Numbers;

function useRows({ site, view }: PartProps, dimension: Dimension) {
  const metrics = dimension === "page" ? "visitors,page_views" : "visitors,conversions";
  return useSiteAnswer("", [
    ...selection(site, view),
    ["metrics", "visitors"],
    ["breakdown_metrics", metrics],
    ["group_by", dimension],
    ["limit", MOST],
  ]);
}

function Rows({ dimension, ...part }: PartProps & { dimension: Dimension }) {
  const answer = useRows(part, dimension);
  const { onFilter } = part;
  return (
    <Answer
      of={answer}
      height={HEIGHT}
      isEmpty={(given) => rowsOf(given).length === 0}
      empty={<Empty title={web.noVisits} height={HEIGHT} />}
    >
      {(given) => {
        const rows = rowsOf(given);
        const most = Math.max(...rows.map((row) => numberOf(row.visitors) ?? 0), 1);
        const second = dimension === "page" ? "page_views" : "conversions";
        const columns: Column<Row>[] = [
          {
            id: "value",
            title: web.filterNames[dimension],
            cell: (row) => valueName(dimension, row.value),
            share: (row) => (numberOf(row.visitors) ?? 0) / most,
          },
          {
            id: "visitors",
            title: web.metrics.visitors,
            number: true,
            width: 90,
            cell: (row) => formatDecimal(row.visitors ?? "0"),
            by: (row) => numberOf(row.visitors) ?? 0,
          },
          {
            id: second,
            title: web.metrics[second],
            number: true,
            width: 110,
            cell: (row) => formatMetric(second, row[second], given.currency),
            by: (row) => numberOf(row[second]) ?? 0,
          },
        ];
        return (
          <DataTable
            label={web.dimensions[dimension]}
            columns={columns}
            rows={rows}
            rowKey={(row) => row.value}
            onRow={(row) => onFilter({ dimension, value: row.value })}
            rowLabel={(row) => web.filterBy(valueName(dimension, row.value))}
            maxHeight={HEIGHT}
          />
        );
      }}
    </Answer>
  );
}

export function Places({ onChoose, ...part }: PartProps & { onChoose: (dimension: (typeof PLACES)[number]) => void }) {
  const countries = useRows(part, "country");
  return (
    <Panel title={web.places} flush>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing={0}>
        <Box p="xs">
          <Answer of={countries} height={HEIGHT + 30}>
            {(given) => (
              <WorldMap
                title={web.map}
                height={HEIGHT + 30}
                values={rowsOf(given).map((row) => ({ country: row.value, value: numberOf(row.visitors) ?? 0 }))}
                onPress={(value) => part.onFilter({ dimension: "country", value })}
              />
            )}
          </Answer>
        </Box>
        <Choice of={PLACES} chosen={part.view.places} label={web.places} onChoose={onChoose}>
          <Rows {...part} dimension={part.view.places} />
        </Choice>
      </SimpleGrid>
    </Panel>
  );
}
