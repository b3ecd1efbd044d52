/** The pages of a project in the order of the menu. `keys`: typed one after the other they go there. */
import {
  IconAlertTriangle,
  IconBell,
  IconBolt,
  IconChartLine,
  IconGauge,
  IconHome,
  IconLayoutDashboard,
  IconSettings,
  IconUsers,
  IconWorld,
} from "@tabler/icons-react";
import { texts } from "@/texts";

export interface Destination {
  path: string;
  name: string;
  keys: string;
  icon: typeof IconHome;
  group: keyof typeof texts.shell.groups;
}

const { pages } = texts.shell;

export const DESTINATIONS: readonly Destination[] = [
  { path: "/", name: pages.home, keys: "g h", icon: IconHome, group: "look" },
  { path: "/explore", name: pages.explore, keys: "g e", icon: IconChartLine, group: "look" },
  { path: "/live", name: pages.live, keys: "g l", icon: IconBolt, group: "look" },
  { path: "/web", name: pages.web, keys: "g w", icon: IconWorld, group: "look" },
  { path: "/dashboards", name: pages.dashboards, keys: "g d", icon: IconLayoutDashboard, group: "look" },
  { path: "/meters", name: pages.meters, keys: "g m", icon: IconGauge, group: "bill" },
  { path: "/customers", name: pages.customers, keys: "g c", icon: IconUsers, group: "bill" },
  { path: "/limits", name: pages.limits, keys: "g i", icon: IconBell, group: "bill" },
  { path: "/rejected", name: pages.rejected, keys: "g r", icon: IconAlertTriangle, group: "bill" },
  { path: "/settings", name: pages.settings, keys: "g s", icon: IconSettings, group: "manage" },
];
