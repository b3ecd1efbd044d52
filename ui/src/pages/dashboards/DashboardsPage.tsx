/** The dashboards of the project. */
import { Anchor, Badge, Button, Group, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { formatAgo, formatTime } from "@/format/times";
import { type Column, DataTable } from "@/parts/DataTable";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { useMay, useProject } from "@/state/session";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import { DashboardMenu, NameForm } from "./DashboardMenu";
import { type Dashboard, forget, makeDashboard, useDashboards } from "./dashboards";

export default function DashboardsPage() {
  const project = useProject().id;
  const may = useMay("member");
  const asked = useDashboards();
  const [making, setMaking] = useState(false);
  const [, go] = useLocation();
  const columns: Column<Dashboard>[] = [
    {
      id: "name",
      title: dashboards.name,
      cell: (one) => (
        <>
          <Anchor component={Link} href={`/dashboards/${one.id}`} fw={550} size="sm">
            {one.name}
          </Anchor>
          {one.description && (
            <Text size="xs" className="soft" lineClamp={1}>
              {one.description}
            </Text>
          )}
        </>
      ),
      by: (one) => one.name.toLowerCase(),
    },
    {
      id: "widgets",
      title: dashboards.widgets,
      number: true,
      cell: (one) => one.widgets.length,
      by: (one) => one.widgets.length,
      width: 110,
    },
    {
      id: "changed",
      title: dashboards.changed,
      cell: (one) => (
        <Text span size="sm" title={formatTime(one.updated_at)} style={{ whiteSpace: "nowrap" }}>
          {formatAgo(one.updated_at)}
        </Text>
      ),
      by: (one) => one.updated_at,
      width: 150,
    },
    {
      id: "shared",
      title: dashboards.shared,
      cell: (one) => one.is_public && <Badge variant="light">{dashboards.byLink}</Badge>,
      width: 110,
    },
    ...(may
      ? [
          {
            id: "menu",
            title: dashboards.actions,
            hiddenTitle: true,
            number: true,
            cell: (one: Dashboard) => (
              <Group justify="flex-end">
                <DashboardMenu dashboard={one} />
              </Group>
            ),
            width: 60,
          },
        ]
      : []),
  ];
  const make = may && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>
      {dashboards.make}
    </Button>
  );
  return (
    <Page title={texts.shell.pages.dashboards} about={dashboards.about} actions={make}>
      <Answer
        of={asked}
        height={320}
        isEmpty={({ data }) => data.length === 0}
        empty={<Empty title={dashboards.none} hint={dashboards.noneHint} action={make} height="50vh" />}
      >
        {({ data }) => (
          <Panel flush>
            <DataTable
              label={texts.shell.pages.dashboards}
              columns={columns}
              rows={data}
              rowKey={(one) => one.id}
              minWidth={340}
            />
          </Panel>
        )}
      </Answer>
      {making && (
        <NameForm
          title={dashboards.make}
          action={texts.shell.create}
          onClose={() => setMaking(false)}
          onSave={async (name, description) => {
            const made = await makeDashboard({ name, ...(description ? { description } : {}) });
            await forget(project);
            go(`/dashboards/${made.id}`);
          }}
        />
      )}
    </Page>
  );
}
