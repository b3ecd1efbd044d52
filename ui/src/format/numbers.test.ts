import { describe, expect, it } from "vitest";
import { formatDecimal, formatMoney, roundDecimal } from "./numbers";

describe("exact decimals keep their digits", () => {
  it.each([
    ["1234567.8900", "1,234,567.89"],
    ["-1000", "-1,000"],
    ["12345678901234567890.123456789", "12,345,678,901,234,567,890.123456789"],
    ["0.10", "0.1"],
    ["many", "many"],
  ])("%s is written %s", (given, written) => expect(formatDecimal(given)).toBe(written));

  it.each([
    ["2.345", 2, "2.35"],
    ["2.344999999999999999999", 2, "2.34"],
    ["-2.345", 2, "-2.35"],
    ["1.005", 2, "1.01"],
    ["99999999999999999999.995", 2, "100000000000000000000.00"],
    ["0.004", 2, "0.00"],
    ["7", 2, "7.00"],
    ["7.5", 0, "8"],
    ["many", 2, "many"],
  ])("%s with %d decimals is %s", (given, digits, rounded) => expect(roundDecimal(given, digits)).toBe(rounded));

  it("money has its currency and two decimals", () => expect(formatMoney("1234.5", "EUR")).toBe("EUR 1,234.50"));
});
