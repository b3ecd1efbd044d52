/**
 * State that lives in the query string, so that a link reproduces the view and the back button works.
 *
 *   const [view, setView] = useUrlState({ event: text(""), days: choice(["7", "30"], "30"), filters: list() });
 *   setView({ event: "purchase" });                 // a new entry of the history
 *   setView({ event: "pur" }, { replace: true });   // none: while typing
 *
 * A value that is the default is left out of the link; one that cannot be read is the default.
 */
import { useCallback, useMemo, useRef } from "react";
import { useLocation, useSearch } from "wouter";

export interface Field<T> {
  read: (given: string[]) => T;
  write: (value: T) => string[];
}

/** The fields of a view whose values are V: each knows how its own value is read and written. */
export type Fields<V> = { readonly [K in keyof V]: Field<V[K]> };
export type Values<F> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** Any text. */
export function text(otherwise = ""): Field<string> {
  return { read: (given) => given[0] ?? otherwise, write: (value) => (value === otherwise ? [] : [value]) };
}

/** One of a closed set. */
export function choice<T extends string>(known: readonly T[], otherwise: T): Field<T> {
  return {
    read: (given) => known.find((one) => one === given[0]) ?? otherwise,
    write: (value) => (value === otherwise ? [] : [value]),
  };
}

/** Yes or no. */
export function flag(otherwise = false): Field<boolean> {
  return {
    read: (given) => (given[0] === undefined ? otherwise : given[0] === "1"),
    write: (value) => (value === otherwise ? [] : [value ? "1" : "0"]),
  };
}

/** Several texts, as a parameter that is repeated. */
export function list(): Field<string[]> {
  return { read: (given) => given, write: (value) => value };
}

export function readValues<V extends object>(fields: Fields<V>, search: string): V {
  const given = new URLSearchParams(search);
  const values: Partial<V> = {};
  for (const name in fields) values[name] = fields[name].read(given.getAll(name));
  return values as V;
}

/** The query string with the values in it; parameters that are not of these fields stay. */
export function writeValues<V extends object>(fields: Fields<V>, values: V, search: string): string {
  const out = new URLSearchParams(search);
  for (const name in fields) {
    out.delete(name);
    for (const one of fields[name].write(values[name])) out.append(name, one);
  }
  return out.toString();
}

export type SetValues<V> = (change: Partial<V>, how?: { replace?: boolean }) => void;

/** fields: must be the same object on every call (a constant of the module). */
export function useUrlState<V extends object>(fields: Fields<V>): [V, SetValues<V>] {
  const search = useSearch();
  const [path, go] = useLocation();
  const values = useMemo(() => readValues(fields, search), [fields, search]);
  // Two changes in one event must both count: the second one starts from what the first one wrote.
  const latest = useRef(search);
  latest.current = search;
  const change = useCallback<SetValues<V>>(
    (given, how) => {
      const after = writeValues(fields, { ...readValues(fields, latest.current), ...given }, latest.current);
      latest.current = after;
      go(after ? `${path}?${after}` : path, how?.replace ? { replace: true } : {});
    },
    [fields, path, go],
  );
  return [values, change];
}
