/** Conditions of a meter: each a property and the values of which one must be there. */
import { ActionIcon, Autocomplete, Button, Group, Stack, TagsInput, Text } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useProperties, useValues } from "@/pages/explore/vocabulary";
import { metering } from "@/texts/metering";

const { form: texts } = metering;

export interface Condition {
  key: string;
  values: string[];
}

/** Those that are filled in. */
export const wholeConditions = (conditions: readonly Condition[]) =>
  conditions.filter(({ key, values }) => key !== "" && values.length > 0);

interface ConditionsProps {
  event: string;
  conditions: readonly Condition[];
  onChange: (conditions: Condition[]) => void;
}

export function Conditions({ event, conditions, onChange }: ConditionsProps) {
  const properties = (useProperties(event).data?.properties ?? []).map(({ name }) => name);
  const put = (place: number, given: Partial<Condition>) =>
    onChange(conditions.map((one, other) => (other === place ? { ...one, ...given } : one)));
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        {texts.filters}
      </Text>
      {conditions.map((condition, place) => (
        <Group key={place} gap={6} align="flex-start" wrap="nowrap">
          <Autocomplete
            aria-label={texts.key(place + 1)}
            data={properties}
            value={condition.key}
            onChange={(key) => put(place, { key })}
            style={{ flex: 1 }}
          />
          <Values
            event={event}
            condition={condition}
            label={texts.values(place + 1)}
            onChange={(values) => put(place, { values })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={texts.removeFilter(place + 1)}
            onClick={() => onChange(conditions.filter((_, other) => other !== place))}
          >
            <IconX size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Button
        variant="default"
        size="xs"
        w="fit-content"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => onChange([...conditions, { key: "", values: [] }])}
      >
        {texts.addFilter}
      </Button>
    </Stack>
  );
}

interface ValuesProps {
  event: string;
  condition: Condition;
  label: string;
  onChange: (values: string[]) => void;
}

function Values({ event, condition, label, onChange }: ValuesProps) {
  const known = useValues(event, condition.key, "").data?.values.map(({ value }) => value) ?? [];
  return (
    <TagsInput
      aria-label={label}
      data={[...new Set(known)].filter(Boolean)}
      value={condition.values}
      onChange={onChange}
      style={{ flex: 2 }}
    />
  );
}
