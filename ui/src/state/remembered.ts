/** Choices that the browser remembers for this person: theme, last project, open panels. Never anything secret. */
import { useLocalStorage } from "@mantine/hooks";

export function useRemembered<T>(name: string, otherwise: T): [T, (value: T | ((before: T) => T)) => void] {
  const [value, set] = useLocalStorage<T>({
    key: `streamgauge.${name}`,
    defaultValue: otherwise,
    getInitialValueInEffect: false,
  });
  return [value, set];
}
