/** Which days are looked at: named ranges and days of one's own. The choice lives in the link (see `rangeFields`). */
import { Button, Group, Menu, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconCalendar, IconCheck, IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import { type Days, daysOf, formatDay, RANGES, type RangeName } from "@/format/times";
import { choice, text } from "@/state/url";
import { texts } from "@/texts";

/** Fields for `useUrlState`: range, and from and to for days of one's own. */
export const rangeFields = { range: choice(RANGES, "30d"), from: text(), to: text() } as const;

export interface RangeValues {
  range: RangeName;
  from: string;
  to: string;
}

/** The days that the link says, as they are now in the zone. */
export function daysOfValues(values: RangeValues, zone: string): Days {
  return daysOf(values.range, zone, values);
}

interface RangePickerProps {
  values: RangeValues;
  zone: string;
  onChange: (change: RangeValues) => void;
}

export function RangePicker({ values, zone, onChange }: RangePickerProps) {
  const [custom, setCustom] = useState(false);
  const days = daysOfValues(values, zone);
  const name =
    values.range === "custom"
      ? `${formatDay(days.from, "UTC")} – ${formatDay(days.to, "UTC")}`
      : texts.ranges[values.range];
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button
            variant="default"
            size="sm"
            leftSection={<IconCalendar size={16} aria-hidden />}
            rightSection={<IconChevronDown size={14} aria-hidden />}
            aria-label={`${texts.ranges.label}: ${name}`}
          >
            {name}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {RANGES.map((range) => (
            <Menu.Item
              key={range}
              rightSection={values.range === range ? <IconCheck size={14} aria-hidden /> : null}
              onClick={() => (range === "custom" ? setCustom(true) : onChange({ range, from: "", to: "" }))}
            >
              {texts.ranges[range]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={custom}
        onClose={() => setCustom(false)}
        title={texts.ranges.label}
        closeButtonProps={{ "aria-label": texts.shell.close }}
      >
        <CustomDays
          key={`${days.from}${days.to}`}
          days={days}
          onApply={(chosen) => {
            setCustom(false);
            onChange({ range: "custom", ...chosen });
          }}
        />
      </Modal>
    </>
  );
}

function CustomDays({ days, onApply }: { days: Days; onApply: (days: Days) => void }) {
  const [from, setFrom] = useState(days.from);
  const [to, setTo] = useState(days.to);
  const reversed = from > to;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!reversed && from && to) onApply({ from, to });
      }}
    >
      <Stack gap="sm">
        <Group gap="sm" align="flex-start">
          <TextInput
            type="date"
            label={texts.ranges.from}
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
            data-autofocus
          />
          <TextInput
            type="date"
            label={texts.ranges.to}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
        </Group>
        {reversed && (
          <Text size="xs" c="var(--fall)" role="alert">
            {texts.ranges.reversed}
          </Text>
        )}
        <Button type="submit" size="xs" disabled={reversed || !from || !to}>
          {texts.ranges.apply}
        </Button>
      </Stack>
    </form>
  );
}
