/** The filters of a question: chips, and a form for one more. */
import { Autocomplete, Button, Group, Popover, Select, Stack, TagsInput, TextInput } from "@mantine/core";
import { IconFilterPlus } from "@tabler/icons-react";
import { useState } from "react";
import { FilterChips } from "@/parts/FilterChips";
import { explore } from "@/texts/explore";
import {
  isNumberOperator,
  NUMBER_OPERATORS,
  OPERATORS,
  type Operator,
  type PropertyFilter,
  TEXT_OPERATORS,
} from "./question";
import { useValues } from "./vocabulary";

interface FiltersProps {
  event: string;
  filters: readonly PropertyFilter[];
  properties: readonly string[];
  onChange: (filters: PropertyFilter[]) => void;
}

export function Filters({ event, filters, properties, onChange }: FiltersProps) {
  const [open, setOpen] = useState(false);
  const chips = filters.map((one, place) => ({ key: String(place), name: readable(one) }));
  return (
    <Group gap="xs" wrap="wrap" align="center">
      <FilterChips
        chips={chips}
        onRemove={(key) => onChange(filters.filter((_, place) => String(place) !== key))}
        onClear={() => onChange([])}
      />
      <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus withinPortal width={300}>
        <Popover.Target>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconFilterPlus size={15} aria-hidden />}
            disabled={!event}
            onClick={() => setOpen(!open)}
          >
            {explore.addFilter}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <FilterForm
            event={event}
            properties={properties}
            onAdd={(filter) => {
              setOpen(false);
              onChange([...filters, filter]);
            }}
          />
        </Popover.Dropdown>
      </Popover>
    </Group>
  );
}

export function readable({ property, operator, values }: PropertyFilter): string {
  return explore.readFilter(
    property,
    explore.operators[operator],
    values.map((value) => value || explore.emptyText).join(explore.or),
  );
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

function FilterForm({
  event,
  properties,
  onAdd,
}: {
  event: string;
  properties: readonly string[];
  onAdd: (filter: PropertyFilter) => void;
}) {
  const [property, setProperty] = useState("");
  const [operator, setOperator] = useState<Operator>("is");
  const [chosen, setChosen] = useState<string[]>([]);
  const [typed, setTyped] = useState("");
  const suggested = useValues(event, property, typed).data?.values.map(({ value }) => value) ?? [];
  const isNumber = isNumberOperator(operator);
  // What was typed and not yet entered counts too.
  const values = isNumber ? [typed.trim()] : [...new Set([...chosen, ...(typed ? [typed] : [])])];
  const complete = property !== "" && (isNumber ? NUMBER.test(typed.trim()) : values.length > 0);
  return (
    <form
      onSubmit={(submitted) => {
        submitted.preventDefault();
        if (complete) onAdd({ property, operator, values });
      }}
    >
      <Stack gap="sm">
        <Autocomplete
          label={explore.filterProperty}
          data={[...properties]}
          value={property}
          onChange={setProperty}
          comboboxProps={{ withinPortal: false }}
          data-autofocus
        />
        <Select
          label={explore.operator}
          data={[...TEXT_OPERATORS, ...NUMBER_OPERATORS].map((value) => ({ value, label: explore.operators[value] }))}
          value={operator}
          allowDeselect={false}
          onChange={(name) => setOperator(OPERATORS.find((one) => one === name) ?? "is")}
          comboboxProps={{ withinPortal: false }}
        />
        {isNumber ? (
          <TextInput
            label={explore.filterNumber}
            inputMode="decimal"
            value={typed}
            onChange={(input) => setTyped(input.currentTarget.value)}
          />
        ) : (
          <TagsInput
            label={explore.filterValue}
            description={operator === "matches" ? explore.matchesHint : explore.anyOf}
            data={
              operator === "is" || operator === "is_not" ? [...new Set(suggested)].filter((value) => value !== "") : []
            }
            value={chosen}
            onChange={setChosen}
            searchValue={typed}
            onSearchChange={setTyped}
            splitChars={[]}
            comboboxProps={{ withinPortal: false, position: "top" }}
          />
        )}
        <Button type="submit" size="xs" disabled={!complete}>
          {explore.apply}
        </Button>
      </Stack>
    </form>
  );
}
