/**
 * One dashboard and its changes. A change is shown at once and saved in the order of making; each holds only for the dashboard as
 * this page knows it. When someone else was faster theirs is shown, and `conflict` has what was wanted here.
 */
import { useCallback, useRef, useState } from "react";
import { queryClient, useAsk } from "@/api/queries";
import { tellFailure } from "@/parts/tell";
import { useProject } from "@/state/session";
import {
  changeDashboard,
  type Dashboard,
  type DashboardFields,
  forget,
  isChangedMeanwhile,
  oneKey,
  readDashboard,
} from "./dashboards";

export type Change = Omit<DashboardFields, "updated_at">;

export function useDashboard(id: string) {
  const project = useProject().id;
  const key = oneKey(project, id);
  const asked = useAsk<Dashboard>(key, (signal) => readDashboard(id, signal));
  const [conflict, setConflict] = useState<Change | null>(null);
  const waiting = useRef<Change | null>(null);
  const saving = useRef(false);
  const seen = useRef("");
  if (!saving.current && asked.data) seen.current = asked.data.updated_at;

  const show = useCallback(
    (dashboard: Dashboard) => queryClient.setQueryData(oneKey(project, id), dashboard),
    [project, id],
  );

  const save = useCallback(
    async (change: Change, { force = false }: { force?: boolean } = {}): Promise<boolean> => {
      const shown = queryClient.getQueryData<Dashboard>(oneKey(project, id));
      // Widgets that are new have no id yet: they are shown when the server has given them one.
      if (shown && change.widgets?.every((one) => one.id !== undefined)) show({ ...shown, ...change } as Dashboard);
      waiting.current = { ...waiting.current, ...change };
      if (saving.current) return true;
      saving.current = true;
      let forced = force;
      try {
        while (waiting.current) {
          const next: Change = waiting.current;
          waiting.current = null;
          try {
            const after = await changeDashboard(id, forced ? next : { ...next, updated_at: seen.current });
            seen.current = after.updated_at;
            forced = false;
            const later = waiting.current as Change | null;
            show(later?.widgets?.every((one) => one.id !== undefined) ? ({ ...after, ...later } as Dashboard) : after);
          } catch (failure) {
            const lost = { ...next, ...(waiting.current as Change | null) };
            waiting.current = null;
            show(await readDashboard(id));
            if (!isChangedMeanwhile(failure)) throw failure;
            setConflict(lost);
            return false;
          }
        }
        await forget(project);
        return true;
      } catch (failure) {
        tellFailure(failure);
        return false;
      } finally {
        saving.current = false;
      }
    },
    [project, id, show],
  );

  return { asked, save, conflict, settle: () => setConflict(null) };
}
