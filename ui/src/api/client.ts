/**
 * The one way to ask the server: a client typed from its own /openapi.json, which signs requests with the session.
 *
 * The browser sends the session's cookie by itself; here each request gets the project asked about and, when it changes anything, the
 * session's CSRF token. Whatever the door, a refusal becomes one `Refused`.
 */
import createClient, { type Middleware } from "openapi-fetch";
import { texts } from "@/texts";
import type { paths } from "./schema";

/** A refusal by the server, or no answer at all (status 0). `code` is its name in the closed set, `field` what is at fault. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field?: string,
    readonly retryAfterS?: number,
  ) {
    super(message);
    this.name = "Refused";
  }
}

const signature = { project: "", csrf: "" };
let onSignedOut: () => void = () => undefined;

/** What the next requests are signed with. */
export function sign(given: Partial<typeof signature>): void {
  Object.assign(signature, given);
}

/** Called when the server says that the session has ended. */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then;
}

/** The headers of a request that does not go through `api` (streams, exact answers). changes: it is no GET. */
export function signedHeaders(changes = false): Record<string, string> {
  return {
    ...(signature.project ? { "x-streamgauge-project": signature.project } : {}),
    ...(changes ? { "x-streamgauge-csrf": signature.csrf } : {}),
  };
}

const signing: Middleware = {
  onRequest({ request }) {
    const signed = signedHeaders(request.method !== "GET" && request.method !== "HEAD");
    for (const [name, value] of Object.entries(signed)) {
      if (!request.headers.has(name)) request.headers.set(name, value);
    }
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: "same-origin" });
api.use(signing);

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer of a request; throws Refused. Give it what `api.GET(...)` and its siblings return. */
export async function ask<T>(asked: Promise<Result<T>>): Promise<T> {
  let result: Result<T>;
  try {
    result = await asked;
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === "AbortError") throw failure;
    throw new Refused(0, "unreachable", texts.shell.unreachable);
  }
  if (result.response.ok) return result.data as T;
  throw refuse(result.response, result.error);
}

/** The refusal that an answer is; where it says that the session has ended, the page takes note. */
export function refuse(response: Response, body: unknown): Refused {
  const refused = refusalOf(response, body);
  if (refused.status === 401 && refused.code !== "invalid_credentials") onSignedOut();
  return refused;
}

/** One shape of the refusals of all doors. */
function refusalOf(response: Response, body: unknown): Refused {
  const whole = (body ?? {}) as Record<string, unknown>;
  const inner = (typeof whole.error === "object" && whole.error !== null ? whole.error : whole) as Record<
    string,
    unknown
  >;
  // theBizness and Flexprice name the field one level deeper.
  const details = (inner.details ?? {}) as Record<string, unknown>;
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  const message = text(inner.message) ?? text(whole.error) ?? texts.shell.refusedWithout(response.status);
  const wait = Number(response.headers.get("retry-after"));
  return new Refused(
    response.status,
    text(inner.code) ?? String(response.status),
    message,
    text(inner.field) ?? text(details.field),
    wait > 0 ? wait : undefined,
  );
}
