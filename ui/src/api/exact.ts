/**
 * Answers whose numbers keep all their digits: every number arrives as the text that the server wrote, since a JavaScript number
 * would round what has more than 15 digits.
 */
import { texts } from "@/texts";
import { Refused, refuse, signedHeaders } from "./client";

export type Json = { [name: string]: Exact };
export type Exact = string | boolean | null | Exact[] | Json;

/** A string of JSON (which may hold digits), or a number. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON with each number as its text. Throws SyntaxError. */
export function parseExact(json: string): Exact {
  return JSON.parse(json.replace(TOKEN, (token) => (token.startsWith('"') ? token : `"${token}"`))) as Exact;
}

/** The same JSON with two spaces for each level, every token as it was. Throws SyntaxError. */
export function indented(json: string): string {
  const numbers: string[] = [];
  const marked = json.replace(TOKEN, (token) => {
    if (token.startsWith('"')) return `"s${token.slice(1)}`;
    numbers.push(token);
    return `"n${numbers.length - 1}"`;
  });
  const spaced = JSON.stringify(JSON.parse(marked), null, 2);
  return spaced.replace(/"(?:[^"\\]|\\.)*"/g, (token) =>
    token.startsWith('"n') ? (numbers[Number(token.slice(2, -1))] ?? token) : `"${token.slice(2)}`,
  );
}

/** What an answer holds, where it holds it: never throws, since widgets draw what older servers answered, too. */
export function objectOf(value: Exact | undefined): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

export function listOf(value: Exact | undefined): Exact[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: Exact | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** The text of an answer. Throws Refused. */
export async function askText(
  path: string,
  parameters: readonly (readonly [string, string])[],
  signal?: AbortSignal,
): Promise<string> {
  const query = new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString();
  return textOfAnswer(query ? `${path}?${query}` : path, { headers: signedHeaders() }, signal);
}

/** The text of the answer to a body. Throws Refused. */
export async function postText(path: string, body: unknown, signal?: AbortSignal): Promise<string> {
  const headers = { ...signedHeaders(true), "content-type": "application/json" };
  return textOfAnswer(path, { method: "POST", headers, body: JSON.stringify(body) }, signal);
}

async function textOfAnswer(address: string, request: RequestInit, signal?: AbortSignal): Promise<string> {
  let response: Response;
  try {
    response = await fetch(address, { ...request, credentials: "same-origin", ...(signal ? { signal } : {}) });
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === "AbortError") throw failure;
    throw new Refused(0, "unreachable", texts.shell.unreachable);
  }
  const body = await response.text();
  if (response.ok) return body;
  let told: unknown = null;
  try {
    told = JSON.parse(body);
  } catch {
    // A proxy's page: the status must do.
  }
  throw refuse(response, told);
}
