/** Who is signed in, and which project the page is about. */
import { createContext, type ReactNode, useContext, useEffect } from "react";
import { api, ask, sign, whenSignedOut } from "@/api/client";
import { queryClient, useAsk } from "@/api/queries";
import type { components, paths } from "@/api/schema";

type Answer<P extends keyof paths, M extends "get" | "post"> =
  paths[P] extends Record<M, { responses: { 200: { content: { "application/json": infer T } } } }> ? T : never;

export type Session = Answer<"/console/v1/session", "get">;
export type Project = Session["projects"][number];
export type Role = Project["role"];
export type Components = components;

export const SESSION_KEY = ["session"] as const;

/** The session; undefined while it is not known, null when nobody is signed in. */
async function askSession(signal: AbortSignal): Promise<Session | null> {
  const result = await api.GET("/console/v1/session", { signal });
  if (result.response.status === 401) return null;
  return ask(Promise.resolve(result)) as Promise<Session>;
}

export function useSessionQuery() {
  return useAsk(SESSION_KEY, askSession, { keep: false });
}

/** Ask for it before anything is drawn. */
export function preloadSession(): void {
  void queryClient.prefetchQuery({ queryKey: SESSION_KEY, queryFn: ({ signal }) => askSession(signal) });
}

/** Take up a session that the server just gave (after signing in, or a change of oneself); null: signed out. */
export function takeSession(session: Session | null): void {
  sign({ csrf: session?.csrf_token ?? "" });
  if (session === null) queryClient.clear();
  queryClient.setQueryData(SESSION_KEY, session);
}

const SessionContext = createContext<Session | null>(null);
const ProjectContext = createContext<Project | null>(null);

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  sign({ csrf: session.csrf_token });
  useEffect(() => whenSignedOut(() => takeSession(null)), []);
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}

export function ProjectProvider({ project, children }: { project: Project; children: ReactNode }) {
  sign({ project: project.id });
  return <ProjectContext.Provider value={project}>{children}</ProjectContext.Provider>;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("useSession outside of a session");
  return session;
}

export function useProject(): Project {
  const project = useContext(ProjectContext);
  if (project === null) throw new Error("useProject outside of a project");
  return project;
}

const RANK: Record<Role, number> = { viewer: 0, member: 1, admin: 2, owner: 3 };

/** Whether the person may do in this project what needs the role. The server decides; this only hides what it would refuse. */
export function useMay(role: Role): boolean {
  return RANK[useProject().role] >= RANK[role];
}
