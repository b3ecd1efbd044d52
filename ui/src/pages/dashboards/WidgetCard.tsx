/** One widget: its title, what can be done with it, and its answer drawn to fit. */
import { Box, Center, Group, Text, Title, Tooltip } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type ReactNode, useId, useMemo } from "react";
import type { Exact } from "@/api/exact";
import { AnswerView } from "@/pages/explore/AnswerView";
import { readAnswer } from "@/pages/explore/answer";
import { Loading } from "@/parts/states";
import { dashboards } from "@/texts/dashboards";
import type { Instead, Widget, WidgetAnswer } from "./dashboards";
import type { Shown } from "./drawing";
import { questionOf } from "./eventQuestion";
import { FunnelWidget } from "./FunnelWidget";
import { heightOf } from "./layout";
import { SiteWidget } from "./SiteWidget";
import { UsageWidget } from "./UsageWidget";

const HEAD = 40;
const FOOT = 12;

interface WidgetCardProps {
  widget: Widget;
  /** Undefined while it is not there yet. */
  answer: WidgetAnswer | undefined;
  instead: Instead;
  /** Controls at the right of the title. */
  actions?: ReactNode;
}

export function WidgetCard({ widget, answer, instead, actions }: WidgetCardProps) {
  const id = useId();
  const title = widget.title || dashboards.untitled;
  const height = heightOf(widget.position.h) - HEAD - FOOT - 2;
  return (
    <section className="panel widget" aria-labelledby={id}>
      <Group className="widget-head" h={HEAD} px="md" justify="space-between" wrap="nowrap" gap="xs">
        <Title order={2} id={id} className="widget-title" title={title}>
          {title}
        </Title>
        {actions}
      </Group>
      <Box px="md" pb={FOOT} style={{ height: height + FOOT, overflow: "hidden" }}>
        {answer === undefined ? (
          <Loading height={height} />
        ) : answer.data === undefined ? (
          <Failed message={answer.error} height={height} />
        ) : (
          <Drawn widget={widget} title={title} data={answer.data} height={height} instead={instead} />
        )}
      </Box>
    </section>
  );
}

function Failed({ message, height }: { message: string; height: number }) {
  return (
    <Center h={height} role="alert">
      <Tooltip label={message} multiline maw={360}>
        <Group gap="xs" wrap="nowrap" style={{ minWidth: 0 }}>
          <IconAlertTriangle size={18} aria-hidden style={{ flexShrink: 0 }} />
          <Text size="sm" className="soft" lineClamp={4}>
            {message}
          </Text>
        </Group>
      </Tooltip>
    </Center>
  );
}

function Drawn({ widget, title, data, height, instead }: { widget: Widget; title: string } & Omit<Shown, "query">) {
  const shown: Shown = { title, query: widget.query, data, height, instead };
  switch (widget.type) {
    case "funnel":
      return <FunnelWidget {...shown} />;
    case "analytics":
      return <SiteWidget {...shown} />;
    case "usage":
      return <UsageWidget {...shown} />;
    default:
      return <EventWidget widget={widget} data={data} height={height} instead={instead} />;
  }
}

function EventWidget({
  widget,
  data,
  height,
  instead,
}: { widget: Widget; data: Exact } & Omit<Shown, "title" | "query">) {
  const { type, query } = widget;
  const question = useMemo(() => questionOf({ type, query }, instead), [type, query, instead]);
  const answer = useMemo(() => readAnswer(data, question.by, question.zone), [data, question]);
  return <AnswerView question={question} answer={answer} height={height} />;
}
