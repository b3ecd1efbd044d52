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

/** Methods, not properties: so that fields of different types are all fields of `Fields`. */
export interface Field<T> {
  read(given: string[]): T;
  write(value: T): string[];
}

export type Fields = Record<string, Field<unknown>>;
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

export function readValues<F extends Fields>(fields: F, search: string): Values<F> {
  const given = new URLSearchParams(search);
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, field.read(given.getAll(name))]),
  ) as Values<F>;
}

/** The query string with the values in it; parameters that are not of these fields stay. */
export function writeValues<F extends Fields>(fields: F, values: Values<F>, search: string): string {
  const out = new URLSearchParams(search);
  for (const [name, field] of Object.entries(fields)) {
    out.delete(name);
    for (const one of field.write(values[name as keyof F])) out.append(name, one);
  }
  return out.toString();
}

export type SetValues<F> = (change: Partial<Values<F>>, how?: { replace?: boolean }) => void;

/** fields: must be the same object on every call (a constant of the module). */
export function useUrlState<F extends Fields>(fields: F): [Values<F>, SetValues<F>] {
  const search = useSearch();
  const [path, go] = useLocation();
  const values = useMemo(() => readValues(fields, search), [fields, search]);
  // Two changes in one event must both count: the second one starts from what the first one wrote.
  const latest = useRef(search);
  latest.current = search;
  const change = useCallback<SetValues<F>>(
    (given, how) => {
      const after = writeValues(fields, { ...readValues(fields, latest.current), ...given }, latest.current);
      latest.current = after;
      go(after ? `${path}?${after}` : path, how?.replace ? { replace: true } : {});
    },
    [fields, path, go],
  );
  return [values, change];
}
