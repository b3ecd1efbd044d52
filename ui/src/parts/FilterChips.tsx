import { Button, CloseButton, Group, Text } from "@mantine/core";
import { texts } from "@/texts";

export interface Chip {
  key: string;
  /** As it is read: "Country is Germany". */
  name: string;
}

/** The filters in use; each can be taken away. Nothing is drawn when there are none. */
export function FilterChips({
  chips,
  onRemove,
  onClear,
}: {
  chips: readonly Chip[];
  onRemove: (key: string) => void;
  onClear: () => void;
}) {
  if (chips.length === 0) return null;
  return (
    <Group gap={6} wrap="wrap">
      {chips.map(({ key, name }) => (
        <Group key={key} gap={2} pl={10} pr={2} py={1} className="panel" wrap="nowrap" style={{ borderRadius: 16 }}>
          <Text size="sm">{name}</Text>
          <CloseButton
            size="sm"
            radius="xl"
            onClick={() => onRemove(key)}
            aria-label={texts.shell.removeFilter(name)}
          />
        </Group>
      ))}
      {chips.length > 1 && (
        <Button variant="subtle" size="compact-sm" onClick={onClear}>
          {texts.shell.clearFilters}
        </Button>
      )}
    </Group>
  );
}
