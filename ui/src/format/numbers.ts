/**
 * How numbers are written. Amounts of money and usage come as exact decimals in texts: they are grouped digit by digit and never go
 * through a float.
 */
import { texts } from "@/texts";

const LOCALE = "en-GB";

/** 1,234,567; a count or any number that the server sent as a number. digits: most decimals shown. */
export function formatNumber(value: number, digits = 2): string {
  return value.toLocaleString(LOCALE, { maximumFractionDigits: digits });
}

/** 12.3k, 4.56M: where room is short (axes, tiles on phones). */
export function formatShort(value: number): string {
  // British English would write a million as m, which reads as a thousandth.
  return value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: Math.abs(value) < 1000 ? 2 : 1 });
}

/** An exact decimal as sent, with its digits grouped: "1234567.8900" is 1,234,567.89. Anything else is shown as it is. */
export function formatDecimal(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "", fraction = ""] = parts;
  const kept = fraction.replace(/0+$/, "");
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${kept ? `.${kept}` : ""}`;
}

/** An exact decimal with so many decimals, halves away from zero; digit by digit too. Anything else is returned as it is. */
export function roundDecimal(text: string, digits: number): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "", fraction = ""] = parts;
  const padded = fraction.padEnd(digits + 1, "0");
  const units = BigInt(whole + padded.slice(0, digits)) + (padded.charAt(digits) >= "5" ? 1n : 0n);
  const written = units.toString().padStart(digits + 1, "0");
  const cut = written.length - digits;
  return `${sign}${written.slice(0, cut)}${digits > 0 ? `.${written.slice(cut)}` : ""}`;
}

/** An amount with its currency: "EUR 1,234.50". The amount as the server sent it, a number or an exact decimal in a text. */
export function formatMoney(amount: number | string, currency: string): string {
  const text = typeof amount === "number" ? String(amount) : amount;
  const grouped = formatDecimal(text);
  const padded = /\.\d$/.test(grouped) ? `${grouped}0` : grouped;
  return currency ? `${currency} ${padded}` : padded;
}

/** 0.1234 is 12.3 %. */
export function formatShare(share: number, digits = 1): string {
  return `${(share * 100).toLocaleString(LOCALE, { maximumFractionDigits: digits })}\u00a0%`;
}

/** The change from `before` to `now`: +12.3 %; null where there is nothing to compare with. */
export function changeOf(now: number, before: number | null | undefined): number | null {
  return before === null || before === undefined || before === 0 ? null : (now - before) / Math.abs(before);
}

export function formatChange(change: number): string {
  return `${change > 0 ? "+" : change < 0 ? "\u2212" : ""}${formatShare(Math.abs(change))}`;
}

/** 3723 is 1 h 2 min; 64 is 1 min 4 s. Two units at most. */
export function formatDuration(seconds: number): string {
  const rounded = Math.round(seconds);
  const units: [number, string][] = [
    [86_400, texts.units.day],
    [3_600, texts.units.hour],
    [60, texts.units.minute],
    [1, texts.units.second],
  ];
  const out: string[] = [];
  let rest = rounded;
  for (const [size, name] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && out.length < 2) out.push(`${count} ${name}`);
    else if (out.length > 0) break;
  }
  return out.join(" ") || `${seconds > 0 ? "<1" : "0"} ${texts.units.second}`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < BYTE_UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size.toLocaleString(LOCALE, { maximumFractionDigits: size < 10 && unit > 0 ? 1 : 0 })} ${BYTE_UNITS[unit]}`;
}
