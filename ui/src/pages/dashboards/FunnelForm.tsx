/** The query of a funnel: its website, its steps in order, and how long a visitor may take. */

import { ActionIcon, Button, Fieldset, Group, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { objectOf } from "@/api/exact";
import { EventSelect } from "@/pages/explore/EventSelect";
import { dashboards } from "@/texts/dashboards";
import type { WidgetQuery } from "./dashboards";
import { WebsiteSelect } from "./SiteForm";

const { editor } = dashboards;
const WINDOWS = ["30m", "1h", "1d", "7d", "30d", "90d"] as const;
const FEWEST = 2;
const MOST = 8;

export const newFunnel: WidgetQuery = { steps: [{ page: "/" }, { event_name: "signup" }], window: "7d" };

type StepQuery = Record<string, unknown>;

export function FunnelForm({ query, onChange }: { query: WidgetQuery; onChange: (query: WidgetQuery) => void }) {
  const steps: StepQuery[] = Array.isArray(query.steps) ? query.steps.map(objectOf) : [];
  const setSteps = (after: StepQuery[]) => onChange({ ...query, steps: after });
  const windows: readonly string[] = WINDOWS;
  const window = typeof query.window === "string" ? query.window : "7d";
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
        <WebsiteSelect value={query.website_id} onPick={(website_id) => onChange({ ...query, website_id })} />
        <Select
          label={editor.window}
          data={[...new Set([...windows, window])].map((value) => ({
            value,
            label: WINDOWS.find((one) => one === value)
              ? editor.funnelWindows[value as (typeof WINDOWS)[number]]
              : value,
          }))}
          value={window}
          allowDeselect={false}
          onChange={(chosen) => chosen && onChange({ ...query, window: chosen })}
        />
      </SimpleGrid>
      <Fieldset legend={editor.steps}>
        <Stack gap="xs">
          {steps.map((step, place) => (
            <Group key={place} gap="xs" wrap="nowrap" align="flex-end">
              <Select
                label={editor.stepKind(place + 1)}
                w={110}
                data={[
                  { value: "page", label: editor.page },
                  { value: "event", label: editor.event },
                ]}
                value={step.page === undefined ? "event" : "page"}
                allowDeselect={false}
                onChange={(kind) =>
                  setSteps(steps.with(place, kind === "page" ? { page: "/" } : { event_name: "page_view" }))
                }
              />
              <StepValue
                step={step}
                label={editor.stepValue(place + 1)}
                onChange={(after) => setSteps(steps.with(place, after))}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                size={36}
                disabled={steps.length <= FEWEST}
                onClick={() => setSteps(steps.filter((_, other) => other !== place))}
                aria-label={editor.removeStep(place + 1)}
              >
                <IconX size={16} />
              </ActionIcon>
            </Group>
          ))}
          <Group>
            <Button
              variant="default"
              size="xs"
              leftSection={<IconPlus size={14} aria-hidden />}
              disabled={steps.length >= MOST}
              onClick={() => setSteps([...steps, { page: "/" }])}
            >
              {editor.addStep}
            </Button>
          </Group>
        </Stack>
      </Fieldset>
    </Stack>
  );
}

interface StepValueProps {
  step: StepQuery;
  label: string;
  onChange: (step: StepQuery) => void;
}

function StepValue({ step, label, onChange }: StepValueProps) {
  if (step.page === undefined)
    return (
      <EventSelect
        label={label}
        value={String(step.event_name ?? "")}
        style={{ flex: 1 }}
        onPick={(event_name) => onChange({ ...step, event_name })}
      />
    );
  const page = typeof step.page === "string" ? step.page : String(objectOf(step.page as never).value ?? "");
  return (
    <TextInput
      label={label}
      value={page}
      style={{ flex: 1 }}
      onChange={(event) => onChange({ ...step, page: event.currentTarget.value })}
    />
  );
}
