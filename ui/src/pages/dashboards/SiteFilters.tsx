/** Which visits a widget about a website looks at: each filter a dimension and one value of it. */
import { ActionIcon, Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { dimensionName } from "@/format/site";
import { dashboards } from "@/texts/dashboards";
import { web } from "@/texts/web";

const { editor } = dashboards;
const DIMENSIONS = Object.keys(web.filterNames);

/** As GET /api/analytics takes them; an operator that this form does not offer stays. */
export interface WidgetFilter {
  dimension: string;
  operator: string;
  value: unknown;
}

/** Of a saved query: a list, or the JSON of one. */
export function filtersOf(given: unknown): WidgetFilter[] {
  if (Array.isArray(given)) return given as WidgetFilter[];
  if (typeof given !== "string") return [];
  try {
    return filtersOf(JSON.parse(given));
  } catch {
    return [];
  }
}

interface SiteFiltersProps {
  filters: readonly WidgetFilter[];
  onChange: (filters: WidgetFilter[]) => void;
}

export function SiteFilters({ filters, onChange }: SiteFiltersProps) {
  const put = (place: number, given: Partial<WidgetFilter>) =>
    onChange(filters.map((one, other) => (other === place ? { ...one, ...given } : one)));
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        {editor.filters}
      </Text>
      {filters.map((filter, place) => (
        <Group key={place} gap={6} wrap="nowrap">
          <Select
            aria-label={editor.filterOf(place + 1)}
            data={[...new Set([filter.dimension, ...DIMENSIONS])].map((value) => ({
              value,
              label: dimensionName(value),
            }))}
            value={filter.dimension}
            allowDeselect={false}
            searchable
            onChange={(dimension) => dimension && put(place, { dimension })}
            style={{ flex: 1 }}
          />
          <TextInput
            aria-label={editor.filterValue(place + 1)}
            value={[filter.value].flat().join(", ")}
            onChange={(input) => put(place, { value: input.currentTarget.value })}
            style={{ flex: 2 }}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={editor.removeFilter(place + 1)}
            onClick={() => onChange(filters.filter((_, other) => other !== place))}
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
        onClick={() => onChange([...filters, { dimension: "country", operator: "is", value: "" }])}
      >
        {editor.addFilter}
      </Button>
    </Stack>
  );
}
