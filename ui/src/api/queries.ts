/** How answers are kept in the page: asked once per key, shown while they are asked again, tried again only where that can help. */
import { QueryClient, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Refused } from "./client";

/** Statuses after which the same question may be answered a moment later. */
const PASSING = new Set([0, 408, 429, 502, 503]);

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      retry: (tries, failure) => tries < 2 && failure instanceof Refused && PASSING.has(failure.status),
      retryDelay: (tries, failure) =>
        failure instanceof Refused && failure.retryAfterS ? Math.min(failure.retryAfterS, 10) * 1000 : 500 * 2 ** tries,
    },
  },
});

interface AskOptions {
  /** Ask again after this many milliseconds. */
  every?: number;
  /** False: do not ask yet. */
  when?: boolean;
  /** Keep showing the last answer while another question is asked. On by default: no jump when a filter changes. */
  keep?: boolean;
}

/** Ask, and ask again when the key changes. The key is what the answer depends on; the project belongs to it. */
export function useAsk<T>(
  key: readonly unknown[],
  asked: (signal: AbortSignal) => Promise<T>,
  { every, when = true, keep = true }: AskOptions = {},
): UseQueryResult<T, Error> {
  return useQuery<T, Error>({
    queryKey: key,
    queryFn: ({ signal }) => asked(signal),
    enabled: when,
    ...(every ? { refetchInterval: every } : {}),
    ...(keep ? { placeholderData: (before: T | undefined) => before as never } : {}),
  });
}
