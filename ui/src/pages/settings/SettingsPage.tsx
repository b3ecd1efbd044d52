/** The settings of a project: a tab each, with a path of its own. Tabs that the role may not see are not there. */
import { Box, Stack } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { type ComponentType, lazy, Suspense } from "react";
import { Link, Redirect, useParams } from "wouter";
import { Page } from "@/parts/Page";
import { Empty, Loading } from "@/parts/states";
import { type Role, useMay } from "@/state/session";
import { texts } from "@/texts";
import { settings as words } from "@/texts/settings";

type TabName = keyof typeof words.tabs;

interface Tab {
  name: TabName;
  role: Role;
  content: ComponentType;
}

const TABS: readonly Tab[] = [
  { name: "keys", role: "admin", content: lazy(() => import("./KeysTab")) },
  { name: "websites", role: "viewer", content: lazy(() => import("./WebsitesTab")) },
  { name: "plans", role: "viewer", content: lazy(() => import("./PlansTab")) },
  { name: "members", role: "viewer", content: lazy(() => import("./MembersTab")) },
  { name: "webhooks", role: "admin", content: lazy(() => import("./WebhooksTab")) },
  { name: "system", role: "admin", content: lazy(() => import("./SystemTab")) },
  { name: "audit", role: "admin", content: lazy(() => import("./AuditTab")) },
  { name: "project", role: "viewer", content: lazy(() => import("./ProjectTab")) },
];

export default function SettingsPage() {
  const { tab = "" } = useParams<{ tab?: string }>();
  const isAdmin = useMay("admin");
  const open = TABS.filter(({ role }) => role === "viewer" || isAdmin);
  const known = TABS.find(({ name }) => name === tab);
  useDocumentTitle(`${known ? words.tabs[known.name] : words.title} · ${texts.shell.product}`);
  if (known === undefined) return <Redirect to={`/settings/${open[0]?.name ?? "websites"}`} replace />;
  const Content = known.content;
  return (
    <Page title={words.title}>
      <Stack gap="md">
        <Box component="nav" aria-label={words.tabsLabel} style={{ display: "flex", flexWrap: "wrap", gap: 2 }}>
          {open.map(({ name }) => (
            <Link
              key={name}
              href={`/settings/${name}`}
              className="nav-link"
              {...(name === known.name ? { "data-active": true, "aria-current": "page" as const } : {})}
            >
              {words.tabs[name]}
            </Link>
          ))}
        </Box>
        {open.includes(known) ? (
          <Suspense fallback={<Loading height={320} />}>
            <Content />
          </Suspense>
        ) : (
          <Box className="panel">
            <Empty title={words.byAdmin} />
          </Box>
        )}
      </Stack>
    </Page>
  );
}
