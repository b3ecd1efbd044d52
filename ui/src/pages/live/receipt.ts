/** What became of an event, as its receipt says (docs/metering.md). Numbers are the server's texts. */
import { askText, type Exact, indented, parseExact } from "@/api/exact";

type Json = { [name: string]: Exact };

export interface Counted {
  id: string;
  meter: string;
  quantity: string;
}

export interface Receipt {
  event: string;
  happened: string;
  received: string;
  door: string;
  customer: string;
  standing: string;
  versions: number;
  /** processed, or failed: there are meters and none counts it. */
  status: string;
  counted: readonly Counted[];
  /** Why no meter counts it; "" when one does. */
  reason: string;
  conversions: readonly string[];
  /** The event and the whole receipt as JSON, byte for byte but for white space. */
  eventJson: string;
  receiptJson: string;
}

export async function askReceipt(id: string, signal: AbortSignal): Promise<Receipt> {
  return readReceipt(await askText("/flexprice/v1/events/lookup", [["id", id]], signal));
}

export function readReceipt(text: string): Receipt {
  const whole = objectOf(parseExact(text));
  const event = objectOf(whole.event);
  const tracker = objectOf(whole.debug_tracker);
  const matching = objectOf(tracker.meter_matching);
  const customer = objectOf(objectOf(tracker.customer_lookup).customer);
  const spaced = indented(text);
  return {
    event: textOf(event.event_name),
    happened: textOf(event.timestamp),
    received: textOf(event.ingested_at),
    door: textOf(event.door),
    customer: textOf(customer.name) || textOf(event.external_customer_id),
    standing: textOf(event.standing),
    versions: Number(textOf(whole.stored_versions) || 1),
    status: textOf(whole.status),
    counted: listOf(matching.matched_meters).map((one) => {
      const given = objectOf(one);
      const id = textOf(given.meter_id);
      return { id, meter: textOf(objectOf(given.meter).name) || id, quantity: textOf(given.qty_total) };
    }),
    reason: textOf(matching.reason),
    conversions: listOf(whole.conversions).map((one) => textOf(objectOf(one).name)),
    eventJson: memberOf(spaced, "event"),
    receiptJson: spaced,
  };
}

/** A member of the outermost object, cut out of the spaced text: so that its numbers keep all their digits. */
function memberOf(spaced: string, name: string): string {
  const lines = spaced.split("\n");
  const first = lines.findIndex((line) => line.startsWith(`  "${name}": {`));
  const last = lines.findIndex((line, place) => place > first && /^ {2}\},?$/.test(line));
  if (first < 0 || last < 0) return spaced;
  return ["{", ...lines.slice(first + 1, last).map((line) => line.slice(2)), "}"].join("\n");
}

function objectOf(value: Exact | undefined): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function listOf(value: Exact | undefined): Exact[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: Exact | undefined): string {
  return typeof value === "string" ? value : "";
}
