/** "g e" goes to Explore: two keys, one after the other, where nothing is being typed. */
import { useEffect } from "react";
import { useLocation } from "wouter";
import { DESTINATIONS } from "./navigation";

const PATIENCE_MS = 1200;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

export function useGoKeys(): void {
  const [, go] = useLocation();
  useEffect(() => {
    let since = 0;
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "g") {
        since = event.timeStamp;
        return;
      }
      const found = event.timeStamp - since < PATIENCE_MS && DESTINATIONS.find(({ keys }) => keys === `g ${event.key}`);
      since = 0;
      if (found) go(found.path);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [go]);
}
