/** The frame around the pages of a project: menu, search, account. On a phone the menu opens over the page. */
import {
  ActionIcon,
  AppShell,
  Box,
  Burger,
  Group,
  Kbd,
  Menu,
  ScrollArea,
  Text,
  UnstyledButton,
  useMantineColorScheme,
  VisuallyHidden,
} from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { spotlight } from "@mantine/spotlight";
import {
  IconCheck,
  IconChevronDown,
  IconHelp,
  IconLogout,
  IconMoon,
  IconSearch,
  IconUserCircle,
} from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { api, ask } from "@/api/client";
import { tellFailure } from "@/parts/tell";
import { takeSession, useProject, useSession } from "@/state/session";
import { texts } from "@/texts";
import { DESTINATIONS } from "./navigation";
import { Palette } from "./Palette";
import { ShortcutHelp } from "./ShortcutHelp";
import { useGoKeys } from "./useGoKeys";

const { shell } = texts;

export function Shell({ children }: { children: ReactNode }) {
  const [menuOpen, menu] = useDisclosure(false);
  const [helpOpen, help] = useDisclosure(false);
  const [path] = useLocation();
  const { toggleColorScheme } = useMantineColorScheme();
  const main = useRef<HTMLElement>(null);
  useGoKeys();
  useHotkeys([
    ["mod+K", () => spotlight.open()],
    ["/", () => spotlight.open()],
    ["shift+?", help.open],
    ["?", help.open],
    ["shift+D", () => toggleColorScheme()],
  ]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the new path that closes the menu
  useEffect(() => menu.close(), [path]);
  return (
    <AppShell
      layout="alt"
      navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !menuOpen } }}
      header={{ height: 52 }}
      padding={{ base: "sm", sm: "lg" }}
      transitionDuration={0}
    >
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        {shell.skip}
      </button>
      <AppShell.Header bg="var(--page-ground)" withBorder={false}>
        <Group h="100%" px={{ base: "sm", sm: "lg" }} justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap" style={{ minWidth: 0 }}>
            <Burger
              opened={menuOpen}
              onClick={menu.toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={menuOpen ? shell.closeMenu : shell.menu}
            />
            <Text fw={600} truncate hiddenFrom="sm">
              {useProject().name}
            </Text>
          </Group>
          <Group gap={6} wrap="nowrap">
            <SearchButton />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              onClick={help.open}
              aria-label={shell.help}
              visibleFrom="sm"
            >
              <IconHelp size={18} />
            </ActionIcon>
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar bg="var(--panel-ground)" p="xs" aria-label={shell.nav}>
        <Group justify="space-between" px={6} py={6} wrap="nowrap">
          <Group gap={8} wrap="nowrap">
            <img src="/mark.svg" width={26} height={26} alt="" />
            <Text fw={680}>{shell.product}</Text>
          </Group>
          <Burger opened={menuOpen} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={shell.closeMenu} />
        </Group>
        <ProjectMenu />
        <ScrollArea style={{ flex: 1 }} viewportProps={{ tabIndex: -1 }}>
          <Navigation />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main>
        <Box component="section" ref={main} tabIndex={-1} id="content" style={{ outline: "none" }}>
          {children}
        </Box>
      </AppShell.Main>
      <Palette />
      <ShortcutHelp opened={helpOpen} onClose={help.close} />
    </AppShell>
  );
}

function Navigation() {
  const [path] = useLocation();
  const groups = ["look", "bill", "manage"] as const;
  return (
    <Box component="ul" p={0} m={0} style={{ listStyle: "none" }}>
      {groups.map((group) => (
        <li key={group}>
          <Text size="xs" className="soft" fw={600} px={10} pt="sm" pb={4}>
            {shell.groups[group]}
          </Text>
          <Box component="ul" p={0} m={0} style={{ listStyle: "none" }}>
            {DESTINATIONS.filter((one) => one.group === group).map(({ path: to, name, icon: Icon }) => {
              const active = to === "/" ? path === "/" : path === to || path.startsWith(`${to}/`);
              return (
                <li key={to}>
                  <Link
                    href={to}
                    className="nav-link"
                    {...(active ? { "data-active": true, "aria-current": "page" as const } : {})}
                  >
                    <Icon size={18} stroke={1.7} aria-hidden />
                    {name}
                  </Link>
                </li>
              );
            })}
          </Box>
        </li>
      ))}
    </Box>
  );
}

function ProjectMenu() {
  const project = useProject();
  const { projects } = useSession();
  return (
    <Menu position="bottom-start" width="target" withinPortal>
      <Menu.Target>
        <UnstyledButton className="nav-link" w="100%" aria-label={`${shell.project}: ${project.name}`}>
          <Text size="sm" fw={600} truncate style={{ flex: 1 }}>
            {project.name}
          </Text>
          <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {projects.map((one) => (
          <Menu.Item
            key={one.id}
            component={Link}
            href={`~/p/${one.id}/`}
            rightSection={one.id === project.id ? <IconCheck size={14} aria-hidden /> : null}
          >
            {one.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function SearchButton() {
  return (
    <UnstyledButton onClick={spotlight.open} className="nav-link panel" style={{ paddingBlock: 4 }}>
      <IconSearch size={16} aria-hidden />
      <Text size="sm" className="soft" visibleFrom="sm" pr={40}>
        {shell.search}
      </Text>
      <Box hiddenFrom="sm">
        <VisuallyHidden>{shell.search}</VisuallyHidden>
      </Box>
      <Box visibleFrom="sm" aria-hidden>
        <Kbd size="xs">Ctrl K</Kbd>
      </Box>
    </UnstyledButton>
  );
}

function AccountMenu() {
  const session = useSession();
  const [, go] = useLocation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = async () => {
    try {
      await ask(api.DELETE("/console/v1/session"));
      takeSession(null);
      go("~/sign-in");
    } catch (failure) {
      tellFailure(failure);
    }
  };
  return (
    <Menu position="bottom-end" width={230} withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={shell.account}>
          <IconUserCircle size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{session.user.email}</Menu.Label>
        <Menu.Item component={Link} href="~/profile" leftSection={<IconUserCircle size={16} aria-hidden />}>
          {shell.profile}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{shell.scheme.label}</Menu.Label>
        {(["light", "dark", "auto"] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            onClick={() => setColorScheme(scheme)}
            leftSection={scheme === "dark" ? <IconMoon size={16} aria-hidden /> : <Box w={16} />}
            rightSection={colorScheme === scheme ? <IconCheck size={14} aria-hidden /> : null}
          >
            {shell.scheme[scheme]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component="a" href="/docs" target="_blank">
          {shell.reference}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut()}>
          {shell.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
