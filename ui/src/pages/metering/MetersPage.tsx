/** All meters, with what they measured lately. */
import { Button, Group, SegmentedControl } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link, useLocation } from "wouter";
import { formatDecimal } from "@/format/numbers";
import { BROWSER_ZONE, daysOf } from "@/format/times";
import { DataTable } from "@/parts/DataTable";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { useMay } from "@/state/session";
import { choice, useUrlState } from "@/state/url";
import { metering } from "@/texts/metering";
import { countsOf, filtersOf, type Meter, STATUSES, useFeatures, useMeters, useUsage } from "./ask";

const { meters: texts } = metering;
const fields = { status: choice(STATUSES, "published") };

export default function MetersPage() {
  const [{ status }, change] = useUrlState(fields);
  const meters = useMeters(status);
  const features = useFeatures();
  const [, go] = useLocation();
  const may = useMay("member");
  const create = may && (
    <Button component={Link} href="/meters/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {texts.create}
    </Button>
  );
  const featureOf = (meter: Meter) => features.data?.items.find(({ meter_id }) => meter_id === meter.id)?.name ?? "–";
  return (
    <Page title={texts.title} about={texts.about} actions={create}>
      <Panel flush>
        <Group p="md" pb="xs">
          <SegmentedControl
            aria-label={texts.status}
            size="xs"
            data={STATUSES.map((value) => ({ value, label: texts.statuses[value] }))}
            value={status}
            onChange={(value) => change({ status: STATUSES.find((one) => one === value) ?? "published" })}
          />
        </Group>
        <Answer
          of={meters}
          height={320}
          isEmpty={({ items }) => items.length === 0}
          empty={
            status === "archived" ? (
              <Empty title={texts.noArchived} height={320} />
            ) : (
              <Empty title={texts.none} hint={texts.noneHint} action={create} height={320} />
            )
          }
        >
          {({ items }) => (
            <DataTable
              label={texts.title}
              rows={items}
              rowKey={({ id }) => id}
              onRow={({ id }) => go(`/meters/${id}`)}
              rowLabel={({ name }) => texts.open(name)}
              minWidth={760}
              columns={[
                { id: "name", title: texts.name, cell: ({ name }) => name, by: ({ name }) => name.toLowerCase() },
                {
                  id: "event",
                  title: texts.event,
                  cell: ({ event_name }) => event_name,
                  by: ({ event_name }) => event_name,
                },
                { id: "counts", title: texts.counts, cell: countsOf },
                { id: "filters", title: texts.filters, cell: (meter) => filtersOf(meter) || texts.all },
                { id: "feature", title: texts.feature, cell: featureOf },
                { id: "usage", title: texts.usage, number: true, cell: (meter) => <Lately meter={meter} /> },
              ]}
            />
          )}
        </Answer>
      </Panel>
    </Page>
  );
}

function Lately({ meter }: { meter: Meter }) {
  const usage = useUsage({ meter: meter.id, days: daysOf("30d", BROWSER_ZONE), zone: BROWSER_ZONE });
  return <span className="figures">{usage.data ? formatDecimal(usage.data.total_value) : "…"}</span>;
}
