import { useMediaQuery } from "@mantine/hooks";

/** Whether the window is one of a phone: tables then show what matters most, and buttons stay in sight. */
export function useNarrow(): boolean {
  return useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false }) ?? false;
}
