/** One event by its name, most frequent first; typing searches all names. */
import { Group, Select, type SelectProps, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { formatShort } from "@/format/numbers";
import { texts } from "@/texts";
import { useEventNames } from "./vocabulary";

interface EventSelectProps extends Omit<SelectProps, "data" | "value" | "onChange" | "searchValue" | "onSearchChange"> {
  value: string;
  onPick: (name: string) => void;
}

export function EventSelect({ value, onPick, ...rest }: EventSelectProps) {
  const [typed, setTyped] = useState(value);
  // What is written while nothing is typed is the choice itself: it must not narrow the list.
  const names = useEventNames(typed === value ? "" : typed);
  const counts = useMemo(() => new Map(names.data?.events.map(({ name, count }) => [name, count])), [names.data]);
  const data = [...counts.keys()];
  if (value && !counts.has(value)) data.push(value);
  return (
    <Select
      {...rest}
      data={data}
      value={value || null}
      onChange={(name) => onPick(name ?? "")}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      filter={({ options }) => options}
      nothingFoundMessage={names.isFetching ? texts.shell.loading : texts.shell.nothingFound}
      maxDropdownHeight={320}
      renderOption={({ option }) => (
        <Group justify="space-between" wrap="nowrap" w="100%" gap="sm">
          <Text size="sm" truncate>
            {option.label}
          </Text>
          {counts.has(option.value) && (
            <Text size="xs" className="soft figures">
              {formatShort(counts.get(option.value) ?? 0)}
            </Text>
          )}
        </Group>
      )}
    />
  );
}
