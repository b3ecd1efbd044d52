/** Which part of a long list is shown, and the way to the others. */
import { Button, Group, Text } from "@mantine/core";
import { formatNumber } from "@/format/numbers";
import { texts } from "@/texts";

interface PagerProps {
  /** How many come before the first that is shown. */
  offset: number;
  shown: number;
  total: number;
  /** How many a page has. */
  size: number;
  onChange: (offset: number) => void;
}

export function Pager({ offset, shown, total, size, onChange }: PagerProps) {
  return (
    <Group justify="flex-end" p="xs" gap="sm">
      <Text size="sm" className="soft figures">
        {texts.shell.page(formatNumber(offset + 1), formatNumber(offset + shown), formatNumber(total))}
      </Text>
      <Button size="xs" variant="default" disabled={offset === 0} onClick={() => onChange(Math.max(0, offset - size))}>
        {texts.shell.before}
      </Button>
      <Button size="xs" variant="default" disabled={offset + shown >= total} onClick={() => onChange(offset + size)}>
        {texts.shell.next}
      </Button>
    </Group>
  );
}
