/** The steps of a funnel: the visitors of each, the share of the first step as a bar, and how many went on from the step before. */
import { Box, Group, Stack, Text } from "@mantine/core";
import { formatDecimal, formatDuration, formatShare } from "@/format/numbers";
import { web } from "@/texts/web";

export interface FunnelStep {
  name: string;
  /** An exact count. */
  visitors: string;
  /** Share of the first step, 0 to 1; null where nobody took that. */
  rate: string | null;
  /** Share of the step before. */
  step_rate: string | null;
  /** From the step before. */
  median_seconds: string | null;
}

const shown = (share: string | null) => (share === null ? "–" : formatShare(Number(share)));

interface FunnelStepsProps {
  steps: readonly FunnelStep[];
  /** Pressing the name of a step; `stepLabel` says what that does, to screen readers. */
  onStep?: (place: number) => void;
  stepLabel?: (name: string) => string;
}

export function FunnelSteps({ steps, onStep, stepLabel }: FunnelStepsProps) {
  return (
    <Stack gap="sm" component="ol" m={0} p={0} style={{ listStyle: "none" }}>
      {steps.map((step, place) => (
        <li key={place}>
          <Group justify="space-between" gap="md" wrap="nowrap" mb={3}>
            <Text size="sm" fw={550} truncate component="div">
              {place + 1}.{" "}
              {onStep ? (
                <button
                  type="button"
                  className="row-button row-button-inline"
                  aria-label={stepLabel?.(step.name)}
                  onClick={() => onStep(place)}
                >
                  {step.name}
                </button>
              ) : (
                step.name
              )}
            </Text>
            <Text size="sm" className="figures" fw={600} style={{ whiteSpace: "nowrap" }}>
              {formatDecimal(step.visitors)}
              <Text span size="sm" className="soft" ml={8}>
                {shown(step.rate)}
              </Text>
            </Text>
          </Group>
          <Box h={14} className="funnel-track" aria-hidden>
            <Box h={14} className="funnel-bar" style={{ width: `${Math.max(Number(step.rate ?? 0) * 100, 0.5)}%` }} />
          </Box>
          {place > 0 && (
            <Text size="xs" className="soft figures">
              {web.ofBefore(shown(step.step_rate))}
              {step.median_seconds !== null && ` · ${web.took(formatDuration(Number(step.median_seconds)))}`}
            </Text>
          )}
        </li>
      ))}
    </Stack>
  );
}
