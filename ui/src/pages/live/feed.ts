/** The events of the live view: read from the stream, kept up to MOST, drawn a few times a second however fast they come. */
import { useCallback, useEffect, useRef, useState } from "react";
import { Refused } from "@/api/client";
import { readStream } from "@/api/stream";

/** Of an event, as the stream has it; `text` is its JSON as it came. */
export interface LiveEvent {
  id: string;
  event: string;
  at: string;
  received_at: string;
  position: string;
  door: string;
  customer: string | null;
  visitor: string | null;
  website: string | null;
  path: string | null;
  properties: Record<string, unknown>;
}

export type State = "connecting" | "live" | "paused" | "lost";

export const MOST = 500;
const DRAWN_EVERY_MS = 250;
const AGAIN_AFTER_MS = 2_000;
const RATE_OVER_MS = 5_000;

export interface Filter {
  event: string;
  customer: string;
  website: string;
}

export interface Feed {
  events: readonly LiveEvent[];
  state: State;
  /** How many came since the view was paused. */
  waiting: number;
  skipped: number;
  perSecond: number;
  failure: Error | null;
  pause: (paused: boolean) => void;
  clear: () => void;
}

/** What came and is not drawn yet; outside of the state, so that a thousand events cost one drawing. */
interface Inbox {
  fresh: LiveEvent[];
  count: number;
  skipped: number;
  arrivals: { at: number; count: number }[];
}

const empty = (): Inbox => ({ fresh: [], count: 0, skipped: 0, arrivals: [] });

export function useFeed(filter: Filter): Feed {
  const [events, setEvents] = useState<readonly LiveEvent[]>([]);
  const [connected, setConnected] = useState<"connecting" | "live" | "lost">("connecting");
  const [paused, setPaused] = useState(false);
  const [figures, setFigures] = useState({ waiting: 0, skipped: 0, perSecond: 0 });
  const [failure, setFailure] = useState<Error | null>(null);
  const inbox = useRef<Inbox>(empty());
  const { event, customer, website } = filter;

  useEffect(() => {
    const stop = new AbortController();
    inbox.current = empty();
    setEvents([]);
    setConnected("connecting");
    setFailure(null);
    void follow({ event, customer, website }, inbox, stop.signal, setConnected, setFailure);
    return () => stop.abort();
  }, [event, customer, website]);

  useEffect(() => {
    const timer = window.setInterval(() => {
      const now = Date.now();
      const box = inbox.current;
      box.arrivals = box.arrivals.filter(({ at }) => now - at < RATE_OVER_MS);
      const perSecond = box.arrivals.reduce((sum, { count }) => sum + count, 0) / (RATE_OVER_MS / 1000);
      const next = { waiting: paused ? box.count : 0, skipped: box.skipped, perSecond };
      setFigures((before) =>
        before.waiting === next.waiting && before.skipped === next.skipped && before.perSecond === next.perSecond
          ? before
          : next,
      );
      if (paused || box.fresh.length === 0) return;
      const fresh = box.fresh.reverse();
      box.fresh = [];
      box.count = 0;
      setEvents((before) => [...fresh, ...before].slice(0, MOST));
    }, DRAWN_EVERY_MS);
    return () => window.clearInterval(timer);
  }, [paused]);

  const clear = useCallback(() => {
    inbox.current = empty();
    setEvents([]);
  }, []);
  return { events, state: paused ? "paused" : connected, ...figures, failure, pause: setPaused, clear };
}

/** Reads the stream for as long as the page is open: when it ends or breaks, from where it ended. */
async function follow(
  filter: Filter,
  inbox: { current: Inbox },
  signal: AbortSignal,
  setConnected: (state: "connecting" | "live" | "lost") => void,
  setFailure: (failure: Error | null) => void,
): Promise<void> {
  const chosen = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
  let after = "";
  while (!signal.aborted) {
    // What the stream begins with came before: it is no part of the rate.
    let old = after === "";
    try {
      const from: Record<string, string> = after ? { after } : { last: "50" };
      await readStream(
        "/console/v1/events/stream",
        { ...chosen, ...from },
        (message) => {
          setConnected("live");
          setFailure(null);
          if (message.id) after = message.id;
          take(inbox.current, message.event, message.data, old);
          old = false;
        },
        signal,
      );
    } catch (failure) {
      if (signal.aborted) return;
      setConnected("lost");
      setFailure(failure as Error);
      if (failure instanceof Refused && [400, 401, 403, 404].includes(failure.status)) return;
      await new Promise((done) => window.setTimeout(done, AGAIN_AFTER_MS));
    }
  }
}

function take(box: Inbox, kind: string, data: string, old: boolean): void {
  if (kind === "skipped") box.skipped += (JSON.parse(data) as { count: number }).count;
  if (kind !== "events") return;
  const events = JSON.parse(data) as LiveEvent[];
  if (!old) box.arrivals.push({ at: Date.now(), count: events.length });
  box.count += events.length;
  box.fresh = box.fresh.concat(events).slice(-MOST);
}
