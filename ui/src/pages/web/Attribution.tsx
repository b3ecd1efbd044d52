/** Conversions and revenue by the visits that led to them. */
import { Group, Select } from "@mantine/core";
import { formatDecimal, formatMoney, roundDecimal } from "@/format/numbers";
import { valueName } from "@/format/site";
import { DataTable } from "@/parts/DataTable";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import type { SetValues } from "@/state/url";
import { web } from "@/texts/web";
import { numberOf, type SiteView, selection, useSiteAnswer } from "./site";
import type { PartProps } from "./WebPage";

const HEIGHT = 240;
const MODELS = ["last_touch", "first_touch", "linear"] as const;
const KEYS = ["channel", "referrer", "utm_campaign", "country", "entry_page"] as const;

interface Credit {
  value: string | null;
  conversions: string;
  orders: string;
  revenue: string;
}

interface Attributed {
  currency: string;
  rows: Credit[];
  unattributed: Credit;
}

export interface ChangingProps extends PartProps {
  change: SetValues<SiteView>;
}

export function Attribution({ site, view, onFilter, change }: ChangingProps) {
  const answer = useSiteAnswer<Attributed>("/attribution", [
    ...selection(site, view),
    ["model", view.model],
    ["dimension", view.by],
    ["limit", "50"],
  ]);
  const rowsOf = ({ rows, unattributed }: Attributed) =>
    [...rows, { ...unattributed, value: null }].filter(
      (row) => Number(row.conversions) !== 0 || Number(row.revenue) !== 0,
    );
  return (
    <Panel
      title={web.attribution}
      about={web.attributionAbout}
      flush
      actions={
        <Group gap={6}>
          <Select
            aria-label={web.model}
            size="xs"
            w={170}
            data={MODELS.map((value) => ({ value, label: web.models[value] }))}
            value={view.model}
            allowDeselect={false}
            onChange={(value) =>
              change({ model: MODELS.find((one) => one === value) ?? "last_touch" }, { replace: true })
            }
          />
          <Select
            aria-label={web.by}
            size="xs"
            w={130}
            data={KEYS.map((value) => ({ value, label: web.filterNames[value] }))}
            value={view.by}
            allowDeselect={false}
            onChange={(value) => change({ by: KEYS.find((one) => one === value) ?? "channel" }, { replace: true })}
          />
        </Group>
      }
    >
      <Answer
        of={answer}
        height={HEIGHT}
        isEmpty={(given) => rowsOf(given).length === 0}
        empty={<Empty title={web.noConversions} hint={web.noConversionsHint} height={HEIGHT} />}
      >
        {(given) => {
          const rows = rowsOf(given);
          const most = Math.max(...rows.map((row) => numberOf(row.conversions) ?? 0), 1);
          return (
            <DataTable
              label={web.attribution}
              columns={[
                {
                  id: "value",
                  title: web.filterNames[view.by],
                  cell: (row) => (row.value === null ? web.unattributed : valueName(view.by, row.value)),
                  share: (row) => (numberOf(row.conversions) ?? 0) / most,
                },
                {
                  id: "conversions",
                  title: web.metrics.conversions,
                  number: true,
                  cell: (row) => formatDecimal(roundDecimal(row.conversions, 2)),
                  by: (row) => Number(row.conversions),
                },
                {
                  id: "revenue",
                  title: web.metrics.revenue,
                  number: true,
                  cell: (row) => formatMoney(row.revenue, given.currency),
                  by: (row) => Number(row.revenue),
                },
              ]}
              rows={rows}
              rowKey={(row) => row.value ?? " "}
              onRow={(row) => row.value !== null && onFilter({ dimension: view.by, value: row.value })}
              rowLabel={(row) => web.filterBy(valueName(view.by, row.value ?? ""))}
              canPress={(row) => row.value !== null}
              maxHeight={HEIGHT}
              minWidth={340}
            />
          );
        }}
      </Answer>
    </Panel>
  );
}
