/**
 * Widgets on a grid of twelve columns; on a narrow page one below the other. While it is arranged they are dragged by their handle
 * and resized at their corner, or moved and resized by the arrow keys on the handle.
 */
import "react-grid-layout/css/styles.css";
import "./dashboards.css";
import { ActionIcon, Box, Stack, Tooltip } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconGripVertical } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, useMemo } from "react";
import { GridLayout, type Layout } from "react-grid-layout";
import { dashboards } from "@/texts/dashboards";
import { type Answers, COLUMNS, type Instead, type Widget } from "./dashboards";
import { GAP, heightOf, layoutOf, placed, ROW_HEIGHT, type Step, stepped } from "./layout";
import { WidgetCard } from "./WidgetCard";

const NARROW = 680;

interface GridProps {
  widgets: readonly Widget[];
  answers: Answers | undefined;
  instead: Instead;
  /** Set while it is arranged; told the widgets at their new places. */
  onArrange?: (widgets: readonly Widget[]) => void;
  /** The menu of a widget. */
  menu?: (widget: Widget, narrow: boolean) => ReactNode;
}

export function Grid({ widgets, answers, instead, onArrange, menu }: GridProps) {
  const { ref, width } = useElementSize();
  const layout = useMemo(() => layoutOf(widgets), [widgets]);
  const narrow = width < NARROW;
  const card = (widget: Widget, handle?: ReactNode) => (
    <WidgetCard
      widget={widget}
      answer={answers?.get(widget.id)}
      instead={instead}
      actions={
        menu || handle ? (
          <Box style={{ display: "flex", flexShrink: 0 }}>
            {handle}
            {menu?.(widget, narrow)}
          </Box>
        ) : null
      }
    />
  );
  const moved = (after: Layout) => {
    const next = placed(widgets, after);
    if (next !== widgets) onArrange?.(next);
  };
  return (
    <div ref={ref}>
      {/* The dragging library would write a style into the page, which the policy forbids, unless it finds this; see dashboards.css. */}
      {onArrange && <span id="react-draggable-style-el" hidden />}
      {width === 0 ? null : narrow ? (
        <Stack gap="sm">
          {inReadingOrder(widgets).map((widget) => (
            <div key={widget.id} style={{ height: heightOf(widget.position.h) }}>
              {card(widget)}
            </div>
          ))}
        </Stack>
      ) : (
        <GridLayout
          width={width}
          layout={layout}
          gridConfig={{ cols: COLUMNS, rowHeight: ROW_HEIGHT, margin: [GAP, GAP], containerPadding: [0, 0] }}
          dragConfig={{ enabled: !!onArrange, handle: ".widget-handle" }}
          resizeConfig={{ enabled: !!onArrange, handles: ["se"] }}
          onDragStop={moved}
          onResizeStop={moved}
        >
          {widgets.map((widget) => (
            <div key={widget.id}>
              {card(
                widget,
                onArrange && (
                  <Handle
                    title={widget.title || dashboards.untitled}
                    onStep={(step) => onArrange(stepped(widgets, widget.id, step))}
                  />
                ),
              )}
            </div>
          ))}
        </GridLayout>
      )}
    </div>
  );
}

function inReadingOrder(widgets: readonly Widget[]): Widget[] {
  return [...widgets].sort((a, b) => a.position.y - b.position.y || a.position.x - b.position.x);
}

const STEPS: Record<string, readonly [Step, Step]> = {
  ArrowLeft: ["left", "narrower"],
  ArrowRight: ["right", "wider"],
  ArrowUp: ["up", "lower"],
  ArrowDown: ["down", "taller"],
};

function Handle({ title, onStep }: { title: string; onStep: (step: Step) => void }) {
  const press = (event: KeyboardEvent) => {
    const steps = STEPS[event.key];
    if (!steps) return;
    event.preventDefault();
    onStep(steps[event.shiftKey ? 1 : 0]);
  };
  return (
    <Tooltip label={dashboards.handleHint}>
      <ActionIcon
        className="widget-handle"
        variant="subtle"
        color="gray"
        onKeyDown={press}
        aria-label={dashboards.handle(title)}
      >
        <IconGripVertical size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
