/** How many visitors took each of several steps, in order. The steps stand in the link. */
import { ActionIcon, Autocomplete, Button, Group, Select, Stack } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { type FunnelStep, FunnelSteps } from "@/parts/FunnelSteps";
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
  steps: FunnelStep[];
}

export function Funnel({ site, view, onFilter, change }: ChangingProps) {
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
            {({ steps: taken }) => (
              <FunnelSteps
                steps={taken}
                stepLabel={web.filterBy}
                onStep={(place) => {
                  const step = whole[place];
                  if (step) onFilter({ dimension: step.kind === "page" ? "page" : "event_name", value: step.value });
                }}
              />
            )}
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
