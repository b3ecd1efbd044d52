/** One request to send an event, as a command and as programs that need nothing installed. */

export type Door = "solinth" | "thebizness" | "flexprice";
export const DOORS: readonly Door[] = ["solinth", "thebizness", "flexprice"];

interface Sending {
  url: string;
  header: string;
  value: string;
  body: Record<string, unknown>;
}

/** The event that is sent through a door, as its own clients would. The time is when it comes. */
export function sendingOf(door: Door, origin: string, key: string, website: string): Sending {
  switch (door) {
    case "solinth":
      return {
        url: `${origin}/solinth/v1/events`,
        header: "Authorization",
        value: `Bearer ${key}`,
        body: { event: "signup", timestamp: "", properties: { plan: "pro", amount: 29.9 } },
      };
    case "thebizness":
      return {
        url: `${origin}/thebizness/api/events`,
        header: "Authorization",
        value: `Bearer ${key}`,
        body: {
          website_id: website,
          event_name: "button_click",
          visitor_id: "visitor-1",
          timestamp: "",
          properties: { button: "try-it" },
        },
      };
    case "flexprice":
      return {
        url: `${origin}/flexprice/v1/events`,
        header: "x-api-key",
        value: key,
        body: {
          event_name: "api_call",
          external_customer_id: "acme",
          timestamp: "",
          properties: { tokens: 1200, model: "large" },
        },
      };
  }
}

const stamped = (sending: Sending, now: Date): Record<string, unknown> => ({
  ...sending.body,
  timestamp: `${now.toISOString().slice(0, 19)}Z`,
});

/** As one word of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export function curlOf(sending: Sending, now: Date): string {
  return [
    `curl ${quoted(sending.url)}`,
    `  -H ${quoted(`${sending.header}: ${sending.value}`)}`,
    `  -H 'Content-Type: application/json'`,
    `  -d ${quoted(JSON.stringify(stamped(sending, now)))}`,
  ].join(" \\\n");
}

export function pythonOf(sending: Sending): string {
  const lines = Object.entries(sending.body).map(([name, value]) =>
    name === "timestamp"
      ? `    "timestamp": datetime.now(timezone.utc).isoformat(timespec="seconds"),`
      : `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`,
  );
  return `import json
from datetime import datetime, timezone
from urllib.request import Request, urlopen

event = {
${lines.join("\n")}
}
request = Request(
    ${JSON.stringify(sending.url)},
    data=json.dumps(event).encode(),
    headers={${JSON.stringify(sending.header)}: ${JSON.stringify(sending.value)}, "Content-Type": "application/json"},
)
with urlopen(request) as answer:
    print(answer.read().decode())
`;
}

export function javascriptOf(sending: Sending): string {
  const lines = Object.entries(sending.body).map(([name, value]) =>
    name === "timestamp" ? "  timestamp: new Date().toISOString()," : `  ${name}: ${JSON.stringify(value)},`,
  );
  return `const event = {
${lines.join("\n")}
};
const answer = await fetch(${JSON.stringify(sending.url)}, {
  method: "POST",
  headers: { ${JSON.stringify(sending.header)}: ${JSON.stringify(sending.value)}, "Content-Type": "application/json" },
  body: JSON.stringify(event),
});
console.log(await answer.json());
`;
}
