/** Server-sent events read with fetch: the browser's own EventSource sends none of our headers. */
import { texts } from "@/texts";
import { Refused, refuse, signedHeaders } from "./client";

export interface Message {
  event: string;
  data: string;
  id: string;
}

/**
 * Hands over each message as it comes; ends when the server ends the stream. Throws Refused when it is not let in or the connection
 * breaks, AbortError when `signal` says so.
 */
export async function readStream(
  path: string,
  parameters: Record<string, string>,
  onMessage: (message: Message) => void,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams(parameters).toString();
  try {
    const response = await fetch(query ? `${path}?${query}` : path, {
      headers: { accept: "text/event-stream", ...signedHeaders() },
      credentials: "same-origin",
      signal,
    });
    if (!response.ok || response.body === null) throw refuse(response, await response.json().catch(() => null));
    await readMessages(response.body, onMessage);
  } catch (failure) {
    if (failure instanceof Refused || (failure instanceof DOMException && failure.name === "AbortError")) throw failure;
    throw new Refused(0, "unreachable", texts.shell.unreachable);
  }
}

async function readMessages(body: ReadableStream<Uint8Array>, onMessage: (message: Message) => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) onMessage(messageOf(part));
  }
}

export function messageOf(text: string): Message {
  const message: Message = { event: "message", data: "", id: "" };
  const data: string[] = [];
  for (const line of text.split("\n")) {
    const [name = "", content = ""] = [
      line.slice(0, line.indexOf(":")),
      line.slice(line.indexOf(":") + 1).replace(/^ /, ""),
    ];
    if (name === "data") data.push(content);
    else if (name === "event") message.event = content;
    else if (name === "id") message.id = content;
  }
  return { ...message, data: data.join("\n") };
}
