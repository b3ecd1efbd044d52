/** How many visitors took each of several steps, in order. The steps stand in the link. */
import { ActionIcon, Autocomplete, Box, Button, Group, Select, Stack, Text } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { formatDecimal, formatDuration, formatShare } from "@/format/numbers";
import { Panel } from "@/parts/Panel";
import { Answer, Empty } from "@/parts/states";
import { web } from "@/texts/web";
import type { ChangingProps } from "./Attribution";
import { rowsOf, type Site, type Step, selection, useSiteAnswer } from "./site";

const HEIGHT = 220;
const MOST_STEPS = 6;
const FIRST: Step[] = [
  { kind: "event", value: "page_view" },
  { kind: "event", value: "signup" },
];

interface FunnelAnswer {
  steps: {
    name: string;
    visitors: string;
    rate: string | null;
    step_rate: string | null;
    median_seconds: string | null;
  }[];
}

export function Funnel({ site, view, change }: ChangingProps) {
  const steps = view.step.length > 0 ? view.step : FIRST;
  const whole = steps.filter(({ value }) => value !== "");
  const asked = whole.map(({ kind, value }) => (kind === "page" ? { page: value } : { event_name: value }));
  const answer = useSiteAnswer<FunnelAnswer>(
    "/funnel",
    [...selection(site, view), ["steps", JSON.stringify(asked)]],
    whole.length >= 2,
  );
  const set = (next: Step[]) => change({ step: next }, { replace: true });
  return (
    <Panel title={web.funnel} about={web.funnelAbout}>
      <Stack gap="md">
        <Group gap="sm" align="flex-end">
          {steps.map((step, place) => (
            <StepField
              key={`${place} ${step.kind} ${step.value}`}
              site={site}
              view={view}
              number={place + 1}
              step={step}
              onChange={(next) => set(steps.map((one, other) => (other === place ? next : one)))}
              {...(steps.length > 2 ? { onRemove: () => set(steps.filter((_, other) => other !== place)) } : {})}
            />
          ))}
          {steps.length < MOST_STEPS && (
            <Button
              variant="default"
              size="sm"
              leftSection={<IconPlus size={15} aria-hidden />}
              onClick={() => set([...steps, { kind: "page", value: "" }])}
            >
              {web.addStep}
            </Button>
          )}
        </Group>
        {whole.length < 2 ? (
          <Empty title={web.needSteps} hint={web.needStepsHint} height={HEIGHT} />
        ) : (
          <Answer of={answer} height={HEIGHT}>
            {(given) => <Steps answer={given} />}
          </Answer>
        )}
      </Stack>
    </Panel>
  );
}

interface StepProps {
  site: Site;
  view: ChangingProps["view"];
  number: number;
  step: Step;
  onChange: (step: Step) => void;
  onRemove?: () => void;
}

function StepField({ site, view, number, step, onChange, onRemove }: StepProps) {
  const [typed, setTyped] = useState(step.value);
  const known = useSiteAnswer("", [
    ...selection(site, { ...view, filter: [] }),
    ["metrics", "visitors"],
    ["breakdown_metrics", "visitors"],
    ["group_by", step.kind === "page" ? "page" : "event_name"],
    ["limit", "50"],
  ]);
  const settle = (value: string) => value !== step.value && onChange({ ...step, value });
  return (
    <Group gap={4} align="flex-end" wrap="nowrap">
      <Select
        aria-label={web.stepKind(number)}
        data={(["page", "event"] as const).map((value) => ({ value, label: web.stepKinds[value] }))}
        value={step.kind}
        allowDeselect={false}
        onChange={(kind) => onChange({ kind: kind === "event" ? "event" : "page", value: "" })}
        w={92}
      />
      <Autocomplete
        label={web.step(number)}
        data={
          known.data
            ? rowsOf(known.data)
                .map(({ value }) => value)
                .filter(Boolean)
            : []
        }
        value={typed}
        onChange={setTyped}
        onOptionSubmit={settle}
        onBlur={() => settle(typed)}
        onKeyDown={(event) => event.key === "Enter" && settle(typed)}
        w={170}
      />
      {onRemove && (
        <ActionIcon variant="subtle" color="gray" size="lg" onClick={onRemove} aria-label={web.removeStep(number)}>
          <IconX size={16} />
        </ActionIcon>
      )}
    </Group>
  );
}

function Steps({ answer: { steps } }: { answer: FunnelAnswer }) {
  return (
    <Stack gap="xs" component="ol" m={0} p={0} style={{ listStyle: "none" }}>
      {steps.map((step, place) => (
        <li key={place}>
          <Group justify="space-between" gap="md" wrap="nowrap" mb={3}>
            <Text size="sm" fw={550} truncate>
              {place + 1}. {step.name}
            </Text>
            <Group gap="md" wrap="nowrap">
              {step.median_seconds !== null && place > 0 && (
                <Text size="xs" className="soft figures" visibleFrom="xs">
                  {web.took}: {formatDuration(Number(step.median_seconds))}
                </Text>
              )}
              {place > 0 && (
                <Text size="xs" className="soft figures" visibleFrom="xs">
                  {web.ofBefore}: {step.step_rate === null ? "–" : formatShare(Number(step.step_rate))}
                </Text>
              )}
              <Text size="sm" className="figures" fw={600}>
                {formatDecimal(step.visitors)}
              </Text>
              <Text size="sm" className="soft figures" w={64} ta="right">
                {step.rate === null ? "–" : formatShare(Number(step.rate))}
              </Text>
            </Group>
          </Group>
          <Box h={14} className="funnel-track">
            <Box h={14} className="funnel-bar" style={{ width: `${Number(step.rate ?? 0) * 100}%` }} />
          </Box>
        </li>
      ))}
    </Stack>
  );
}
