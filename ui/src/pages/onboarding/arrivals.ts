/** Events of the project as they come in: the newest one, and how many since the page was opened. */
import { useEffect, useState } from "react";
import { queryClient } from "@/api/queries";
import { readStream } from "@/api/stream";

export interface Arrived {
  id: string;
  event: string;
  at: string;
  received_at: string;
  door: string;
  properties: Record<string, unknown>;
  [field: string]: unknown;
}

export interface Arrivals {
  newest: Arrived | null;
  count: number;
  lost: boolean;
}

/**
 * Whatever was known about a project without events is not so any more. Pages that are not open shall not begin with it: the overview
 * of an empty project leads back here.
 */
export function forgetEmptiness(projectId: string): void {
  const predicate = ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey.includes(projectId);
  queryClient.removeQueries({ predicate, type: "inactive" });
  void queryClient.invalidateQueries({ predicate });
}

const PAUSE_MS = 2_000;

/** Begins with the last event there is, which does not count as one that came meanwhile. */
export function useArrivals(): Arrivals {
  const [arrivals, setArrivals] = useState<Arrivals>({ newest: null, count: 0, lost: false });
  useEffect(() => {
    const leaving = new AbortController();
    void watch(leaving.signal, setArrivals);
    return () => leaving.abort();
  }, []);
  return arrivals;
}

async function watch(signal: AbortSignal, set: (change: (before: Arrivals) => Arrivals) => void): Promise<void> {
  let after = "";
  let begun = false;
  const opened = Date.now();
  while (!signal.aborted) {
    let lost = false;
    try {
      await readStream(
        "/console/v1/events/stream",
        after ? { after } : { last: begun ? "0" : "1" },
        ({ event, data, id }) => {
          if (id) after = id;
          begun = true;
          set((before) => ({ ...changed(before, event, data, opened), lost: false }));
        },
        signal,
      );
    } catch {
      lost = true;
    }
    if (signal.aborted) return;
    set((before) => ({ ...before, lost }));
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

function changed(before: Arrivals, event: string, data: string, opened: number): Arrivals {
  if (event === "skipped") return { ...before, count: before.count + (JSON.parse(data) as { count: number }).count };
  if (event !== "events") return before;
  const events = JSON.parse(data) as Arrived[];
  const fresh = events.filter(({ received_at }) => Date.parse(received_at) >= opened - 1_000).length;
  return { ...before, newest: events.at(-1) ?? before.newest, count: before.count + fresh };
}
