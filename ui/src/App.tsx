/**
 * Which page a path shows. Pages of a project live below /p/{project_id}; each is a file of its own that arrives when it is first
 * opened. A new page is one row of PROJECT_PAGES.
 */
import { Box, Center } from "@mantine/core";
import { type ComponentType, lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { Redirect, Route, Switch, useLocation, useSearch } from "wouter";
import { Failure, Loading } from "@/parts/states";
import { useRemembered } from "@/state/remembered";
import { ProjectProvider, preloadSession, SessionProvider, useSession, useSessionQuery } from "@/state/session";
import { Broken } from "./shell/Broken";
import { NoProject } from "./shell/NoProject";
import { NotFound } from "./shell/NotFound";
import { Shell } from "./shell/Shell";

type PageFile = () => Promise<{ default: ComponentType }>;

/** Below /p/{project_id}. */
const PROJECT_PAGES: readonly (readonly [path: string, page: PageFile])[] = [
  ["/", () => import("./pages/home/HomePage")],
  ["/explore", () => import("./pages/explore/ExplorePage")],
  ["/dashboards", () => import("./pages/dashboards/DashboardsPage")],
  ["/dashboards/:id", () => import("./pages/dashboards/DashboardPage")],
  ["/live", () => import("./pages/live/LivePage")],
  ["/onboarding", () => import("./pages/onboarding/OnboardingPage")],
  ["/settings/:tab?", () => import("./pages/settings/SettingsPage")],
  ["/web/:website?", () => import("./pages/web/WebPage")],
  ["/meters", () => import("./pages/metering/MetersPage")],
  ["/meters/new", () => import("./pages/metering/NewMeterPage")],
  ["/meters/:id", () => import("./pages/metering/MeterPage")],
  ["/customers", () => import("./pages/metering/CustomersPage")],
  ["/customers/:id", () => import("./pages/metering/CustomerPage")],
  ["/limits", () => import("./pages/metering/LimitsPage")],
  ["/rejected", () => import("./pages/metering/RejectedPage")],
];

/** For whoever is signed in, without a project. */
const OWN_PAGES: readonly (readonly [path: string, page: PageFile])[] = [
  ["/profile", () => import("./pages/people/ProfilePage")],
];

/** For whoever is not signed in. */
const OPEN_PAGES: readonly (readonly [path: string, page: PageFile])[] = [
  ["/sign-in", () => import("./pages/people/SignInPage")],
  ["/welcome", () => import("./pages/people/WelcomePage")],
  ["/invitation", () => import("./pages/people/InvitationPage")],
  ["/shared/:token", () => import("./pages/dashboards/SharedPage")],
  ["/new-password", () => import("./pages/people/NewPasswordPage")],
];

interface PageRoute {
  pattern: string;
  component: ComponentType;
  load: () => Promise<unknown>;
}

/** A page whose file is here already is drawn at once: what waits for a file, if only for a moment, is shown 300 ms later. */
function routeOf([pattern, file]: readonly [string, PageFile]): PageRoute {
  let arrived: ComponentType | null = null;
  const load = () =>
    file().then((module) => {
      arrived = module.default;
      return module;
    });
  const Later = lazy(load);
  const component = () => {
    // Settled once: another component in its place would begin from nothing.
    const [Page] = useState<ComponentType>(() => arrived ?? Later);
    return <Page />;
  };
  return { pattern, component, load };
}

const projectPages = PROJECT_PAGES.map(routeOf);

/** The file of the page that an address asks for comes while the session is asked, not after; open pages need none. */
export function preload(path: string): void {
  if (path !== "/" && !path.startsWith("/p/")) return;
  preloadSession();
  const below = path.replace(/^\/p\/[^/]+/, "").split("/");
  const page = projectPages.find(({ pattern }) => matches(pattern.split("/"), below));
  // What does not come is asked again, and told, when the page is drawn.
  page?.load().catch(() => undefined);
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const whole = pattern.filter((part) => part !== "");
  const given = path.filter((part) => part !== "");
  return (
    given.length <= whole.length &&
    whole.every((part, place) =>
      given[place] === undefined ? part.endsWith("?") : part.startsWith(":") || part === given[place],
    )
  );
}

const elementsOf = (pages: readonly PageRoute[]): ReactNode[] =>
  pages.map(({ pattern, component }) => <Route key={pattern} path={pattern} component={component} />);

const projectRoutes = elementsOf(projectPages);
const ownRoutes = elementsOf(OWN_PAGES.map(routeOf));
const openRoutes = elementsOf(OPEN_PAGES.map(routeOf));

export function App() {
  const [path] = useLocation();
  return (
    <Broken of={path}>
      <Suspense fallback={<Waiting />}>
        <Switch>
          {openRoutes}
          <Route>
            <SignedIn />
          </Route>
        </Switch>
      </Suspense>
    </Broken>
  );
}

function Waiting() {
  return (
    <Box p="lg">
      <Loading height="70vh" />
    </Box>
  );
}

/** Everything that needs a session; without one the way leads through the sign-in page and back. */
function SignedIn() {
  const [path] = useLocation();
  const search = useSearch();
  const session = useSessionQuery();
  if (session.data === undefined) {
    if (!session.isError) return <Waiting />;
    return (
      <Center mih="80vh">
        <Failure error={session.error} retry={() => void session.refetch()} />
      </Center>
    );
  }
  if (session.data === null) {
    const next = path + (search ? `?${search}` : "");
    return <Redirect to={next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`} replace />;
  }
  return (
    <SessionProvider session={session.data}>
      <Switch>
        <Route path="/" component={ToProject} />
        <Route path="/p/:project" nest>
          {({ project }) => <ProjectPages id={project} />}
        </Route>
        {ownRoutes}
        <Route>
          <NotFound />
        </Route>
      </Switch>
    </SessionProvider>
  );
}

/** To the project that was looked at last. */
function ToProject() {
  const { projects } = useSession();
  const [last] = useRemembered("project", "");
  const project = projects.find(({ id }) => id === last) ?? projects[0];
  return project ? <Redirect to={`/p/${project.id}/`} replace /> : <NoProject />;
}

function ProjectPages({ id }: { id: string }) {
  const project = useSession().projects.find((one) => one.id === id);
  const [, remember] = useRemembered("project", "");
  const [path] = useLocation();
  const known = project?.id;
  useEffect(() => {
    if (known) remember(known);
  }, [known, remember]);
  // A dashboard on the whole screen has nothing around it.
  const Frame = useSearch().split("&").includes("full=1") && path.startsWith("/dashboards/") ? Bare : Shell;
  if (!project) return <NotFound home="~/" />;
  return (
    <ProjectProvider project={project} key={project.id}>
      <Frame>
        <Broken of={path}>
          <Suspense fallback={<Loading height="70vh" />}>
            <Switch>
              {projectRoutes}
              <Route>
                <NotFound />
              </Route>
            </Switch>
          </Suspense>
        </Broken>
      </Frame>
    </ProjectProvider>
  );
}

function Bare({ children }: { children: ReactNode }) {
  return (
    <Box component="main" p={{ base: "sm", sm: "lg" }} mih="100vh">
      {children}
    </Box>
  );
}
