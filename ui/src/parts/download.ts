/** Files that the page makes itself. */

export function downloadBlob(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A cell as RFC 4180 writes it. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
export function csvCell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  let cell = String(value);
  if (typeof value === "string" && /^[=+@\t\r]|^-(?!\d)/.test(cell)) cell = `'${cell}`;
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

export function toCsv(
  head: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): string {
  return `${[head, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

export function downloadCsv(
  name: string,
  head: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): void {
  downloadBlob(`${name}.csv`, new Blob(["\ufeff", toCsv(head, rows)], { type: "text/csv;charset=utf-8" }));
}
