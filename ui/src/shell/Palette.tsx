/** Search and go: pages, event names, dashboards, websites. What is to be found is asked when the palette is first opened. */
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconActivity, IconLayoutDashboard, IconSearch, IconWorld } from "@tabler/icons-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { useProject } from "@/state/session";
import { texts } from "@/texts";
import { DESTINATIONS } from "./navigation";

export function Palette() {
  const [, go] = useLocation();
  const [opened, setOpened] = useState(false);
  const project = useProject();
  const found = useAsk(
    ["palette", project.id],
    async (signal) => {
      const [events, dashboards, websites] = await Promise.all([
        ask(api.GET("/console/v1/schema/events", { params: { query: { limit: 100 } }, signal })),
        ask(api.GET("/solinth/v1/dashboards", { signal })),
        ask(api.GET("/thebizness/api/websites", { signal })),
      ]);
      return { events: events.events, dashboards: dashboards.data, websites: websites.websites };
    },
    { when: opened, keep: false },
  );
  const actions: (SpotlightActionData | SpotlightActionGroupData)[] = [
    {
      group: texts.shell.nav,
      actions: DESTINATIONS.map(({ path, name, icon: Icon }) => ({
        id: `page ${path}`,
        label: name,
        leftSection: <Icon size={18} aria-hidden />,
        onClick: () => go(path),
      })),
    },
    {
      group: texts.shell.pages.dashboards,
      actions: (found.data?.dashboards ?? []).map(({ id, name }) => ({
        id: `dashboard ${id}`,
        label: name,
        leftSection: <IconLayoutDashboard size={18} aria-hidden />,
        onClick: () => go(`/dashboards/${id}`),
      })),
    },
    {
      group: texts.shell.pages.web,
      actions: (found.data?.websites ?? []).map(({ id, domain }) => ({
        id: `website ${id}`,
        label: domain,
        leftSection: <IconWorld size={18} aria-hidden />,
        onClick: () => go(`/web/${encodeURIComponent(id)}`),
      })),
    },
    {
      group: texts.shell.pages.explore,
      actions: (found.data?.events ?? []).map(({ name }) => ({
        id: `event ${name}`,
        label: name,
        leftSection: <IconActivity size={18} aria-hidden />,
        onClick: () => go(`/explore?event=${encodeURIComponent(name)}`),
      })),
    },
  ];
  return (
    <Spotlight
      actions={actions}
      attributes={{ content: { "aria-label": texts.shell.search } }}
      shortcut={null}
      limit={12}
      scrollable
      maxHeight={420}
      highlightQuery
      nothingFound={texts.shell.nothingFound}
      onSpotlightOpen={() => setOpened(true)}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: texts.shell.searchPlaceholder,
        "aria-label": texts.shell.search,
      }}
    />
  );
}
