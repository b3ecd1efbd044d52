/**
 * Which page a path shows. Pages of a project live below /p/{project_id}; each is a file of its own that arrives when it is first
 * opened. A new page is one row of PROJECT_PAGES.
 */
import { Box, Center } from "@mantine/core";
import { type ComponentType, lazy, type ReactNode, Suspense, useEffect } from "react";
import { Redirect, Route, Switch, useLocation, useSearch } from "wouter";
import { Failure, Loading } from "@/parts/states";
import { useRemembered } from "@/state/remembered";
import { ProjectProvider, SessionProvider, useSession, useSessionQuery } from "@/state/session";
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

/** Rows as routes. Each page is made once, not at every drawing. */
function routesOf(pages: readonly (readonly [string, PageFile])[]): ReactNode[] {
  return pages.map(([path, file]) => <Route key={path} path={path} component={lazy(file)} />);
}

const projectRoutes = routesOf(PROJECT_PAGES);
const ownRoutes = routesOf(OWN_PAGES);
const openRoutes = routesOf(OPEN_PAGES);

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
