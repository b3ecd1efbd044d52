/** What a dashboard is looked at with: days in place of the widgets' own, and how often it is asked again. */
import { Group, Select, TextInput } from "@mantine/core";
import { BROWSER_ZONE, daysOf, RANGES } from "@/format/times";
import { choice, type SetValues, text } from "@/state/url";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import type { Instead } from "./dashboards";

const SAVED = "saved";
const CHOICES = [SAVED, ...RANGES] as const;
const EVERY = ["0", "30", "60", "300"] as const;

export interface Look {
  range: (typeof CHOICES)[number];
  from: string;
  to: string;
  every: (typeof EVERY)[number];
}

/** Fields for `useUrlState`. */
export const lookFields = {
  range: choice(CHOICES, SAVED),
  from: text(),
  to: text(),
  every: choice(EVERY, "0"),
} as const;

export function insteadOf({ range, from, to }: Look): Instead {
  return range === SAVED ? null : { ...daysOf(range, BROWSER_ZONE, { from, to }), timezone: BROWSER_ZONE };
}

export function LookControls({ look, change }: { look: Look; change: SetValues<Look> }) {
  const days = insteadOf(look);
  return (
    <Group gap="xs">
      <Select
        aria-label={texts.ranges.label}
        w={160}
        data={CHOICES.map((value) => ({ value, label: value === SAVED ? dashboards.asSaved : texts.ranges[value] }))}
        value={look.range}
        allowDeselect={false}
        onChange={(value) => {
          const range = CHOICES.find((one) => one === value) ?? SAVED;
          change(range === "custom" && days ? { range, from: days.from, to: days.to } : { range, from: "", to: "" });
        }}
      />
      {look.range === "custom" && days && (
        <>
          <TextInput
            type="date"
            aria-label={texts.ranges.from}
            value={days.from}
            max={days.to}
            onChange={(event) => event.currentTarget.value && change({ from: event.currentTarget.value, to: days.to })}
          />
          <TextInput
            type="date"
            aria-label={texts.ranges.to}
            value={days.to}
            min={days.from}
            onChange={(event) =>
              event.currentTarget.value && change({ from: days.from, to: event.currentTarget.value })
            }
          />
        </>
      )}
      <Select
        aria-label={dashboards.refresh.label}
        w={150}
        data={EVERY.map((value) => ({ value, label: dashboards.refresh[value] }))}
        value={look.every}
        allowDeselect={false}
        onChange={(value) => change({ every: EVERY.find((one) => one === value) ?? "0" })}
      />
    </Group>
  );
}
