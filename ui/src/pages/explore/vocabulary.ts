/** What there is to ask about in this project, as the controls offer it. */
import { useDebouncedValue } from "@mantine/hooks";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { useProject } from "@/state/session";

const PAUSE_MS = 200;
const NEWS_MS = 15_000;

/** Names of events, most frequent first; those that hold the text. `every`: look again for new ones while there are none. */
export function useEventNames(search: string) {
  const project = useProject();
  const [settled] = useDebouncedValue(search, PAUSE_MS);
  return useAsk(
    ["schema", project.id, "events", settled],
    (signal) =>
      ask(api.GET("/console/v1/schema/events", { params: { query: settled ? { search: settled } : {} }, signal })),
    { every: NEWS_MS },
  );
}

/** Properties of the newest events of a name. */
export function useProperties(event: string) {
  const project = useProject();
  return useAsk(
    ["schema", project.id, "properties", event],
    (signal) => ask(api.GET("/console/v1/schema/properties", { params: { query: { event } }, signal })),
    { when: event !== "", keep: false },
  );
}

/** Values of a property among the newest events of a name. */
export function useValues(event: string, property: string, search: string) {
  const project = useProject();
  const [settled] = useDebouncedValue(search, PAUSE_MS);
  return useAsk(
    ["schema", project.id, "values", event, property, settled],
    (signal) =>
      ask(api.GET("/console/v1/schema/values", { params: { query: { event, property, search: settled } }, signal })),
    { when: event !== "" && property !== "" },
  );
}
