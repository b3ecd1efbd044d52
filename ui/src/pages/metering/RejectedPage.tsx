/** Events that no meter counts, and why. */
import { Button, Group, Stack, Switch, Text } from "@mantine/core";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { formatDecimal } from "@/format/numbers";
import { BROWSER_ZONE, formatTime } from "@/format/times";
import { EventDrawer } from "@/pages/live/EventDrawer";
import { DataTable } from "@/parts/DataTable";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { daysOfValues, RangePicker, rangeFields } from "@/parts/RangePicker";
import { Answer, Empty } from "@/parts/states";
import { useProject } from "@/state/session";
import { flag, useUrlState } from "@/state/url";
import { metering } from "@/texts/metering";
import { usageDays } from "./ask";

const { rejected: texts } = metering;
const PAGE = 50;
const fields = { ...rangeFields, without: flag() };

export default function RejectedPage() {
  const project = useProject();
  const [view, change] = useUrlState(fields);
  const [pages, setPages] = useState(1);
  const [open, setOpen] = useState("");
  const days = daysOfValues(view, BROWSER_ZONE);
  const query = {
    ...usageDays(days, BROWSER_ZONE),
    include_without_customer: view.without,
    page_size: PAGE * pages,
  };
  const found = useAsk(["rejected", project.id, query], (signal) =>
    ask(api.GET("/flexprice/v1/events/unmetered", { params: { query }, signal })),
  );
  return (
    <Page
      title={texts.title}
      about={texts.about}
      actions={<RangePicker values={view} zone={BROWSER_ZONE} onChange={change} />}
    >
      <Panel flush>
        <Group justify="space-between" px="md" py="sm">
          <Switch
            label={texts.without}
            checked={view.without}
            onChange={(input) => change({ without: input.currentTarget.checked })}
          />
          {found.data?.total_count !== undefined && (
            <Text size="sm" className="soft figures">
              {texts.total(formatDecimal(String(found.data.total_count)))}
            </Text>
          )}
        </Group>
        <Answer
          of={found}
          height={400}
          isEmpty={({ events }) => events.length === 0}
          empty={<Empty title={texts.none} hint={texts.noneHint} height={400} />}
        >
          {({ events, has_more }) => (
            <Stack gap={0}>
              <DataTable
                label={texts.title}
                rows={events}
                rowKey={({ id, timestamp }) => `${id} ${timestamp}`}
                onRow={({ id }) => setOpen(id)}
                rowLabel={({ event_name }) => texts.open(event_name)}
                minWidth={720}
                columns={[
                  { id: "event", title: texts.event, cell: ({ event_name }) => event_name },
                  { id: "reason", title: texts.reason, cell: ({ reason }) => texts.reasons[reason] },
                  {
                    id: "customer",
                    title: texts.customer,
                    cell: ({ external_customer_id }) => external_customer_id || "–",
                  },
                  { id: "at", title: texts.at, cell: ({ timestamp }) => formatTime(timestamp) },
                ]}
              />
              {has_more && pages < 20 && (
                <Group justify="center" p="sm">
                  <Button variant="default" size="xs" onClick={() => setPages(pages + 1)}>
                    {texts.more}
                  </Button>
                </Group>
              )}
            </Stack>
          )}
        </Answer>
      </Panel>
      <EventDrawer id={open} onClose={() => setOpen("")} />
    </Page>
  );
}
