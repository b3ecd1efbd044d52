/** The three things that can stand where data will be: it is coming, there is none, it could not be had. All keep the final size. */
import { Button, Center, Code, Skeleton, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Refused } from "@/api/client";
import { texts } from "@/texts";

export function Loading({ height }: { height: number | string }) {
  return (
    <div role="status" aria-label={texts.shell.loading}>
      <Skeleton height={height} />
    </div>
  );
}

interface EmptyProps {
  title: string;
  /** What to do next. */
  hint?: ReactNode;
  action?: ReactNode;
  icon?: ReactNode;
  height?: number | string;
}

export function Empty({ title, hint, action, icon, height = 220 }: EmptyProps) {
  return (
    <Center mih={height} p="md">
      <Stack align="center" gap="xs" maw={420}>
        {icon}
        <Text fw={600} ta="center">
          {title}
        </Text>
        {hint && (
          <Text size="sm" className="soft" ta="center">
            {hint}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}

export function Failure({
  error,
  retry,
  height = 220,
}: {
  error: Error;
  retry?: () => void;
  height?: number | string;
}) {
  const code = error instanceof Refused && error.status > 0 ? error.code : null;
  return (
    <Center mih={height} p="md" role="alert">
      <Stack align="center" gap="xs" maw={420}>
        <IconAlertTriangle size={28} stroke={1.6} aria-hidden />
        <Text fw={600} ta="center">
          {texts.shell.failed}
        </Text>
        <Text size="sm" className="soft" ta="center">
          {error.message}
        </Text>
        {code && <Code>{code}</Code>}
        {retry && (
          <Button variant="default" size="xs" leftSection={<IconRefresh size={14} />} onClick={retry}>
            {texts.shell.retry}
          </Button>
        )}
      </Stack>
    </Center>
  );
}

interface AnswerProps<T> {
  of: UseQueryResult<T, Error>;
  /** The height that the content will have, in pixels: what stands there before has the same. */
  height: number;
  /** Shown instead of the content when it says so. */
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  children: (data: T) => ReactNode;
}

/** The content once it is there; one of the three states before. While another question is asked the last answer stays, paler. */
export function Answer<T>({ of, height, isEmpty, empty, children }: AnswerProps<T>) {
  if (of.data === undefined) {
    if (of.isError) return <Failure error={of.error} retry={() => void of.refetch()} height={height} />;
    return <Loading height={height} />;
  }
  if (isEmpty?.(of.data)) return empty ?? <Empty title={texts.charts.noData} height={height} />;
  return (
    <div aria-busy={of.isPlaceholderData} style={{ opacity: of.isPlaceholderData ? 0.55 : 1, minHeight: height }}>
      {children(of.data)}
    </div>
  );
}
