/**
 * One drawing. Its library arrives in a file of its own; until then, and while data comes, the place is kept.
 *
 * Who cannot see it gets what `summary` says, and callers offer the same numbers as a table. Tooltips are made of elements, never of
 * HTML texts: names come from users, and the page's policy allows no styles in texts.
 */
import { Box, useComputedColorScheme } from "@mantine/core";
import { useReducedMotion } from "@mantine/hooks";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { type RefObject, useEffect, useImperativeHandle, useRef, useState } from "react";
import { texts } from "@/texts";
import { downloadBlob } from "../download";
import { Loading } from "../states";

const loadEngine = () => import("./engine");
// A page with charts is here: their library comes while the data is on the way, after the questions for it went out.
requestIdleCallback(() => loadEngine().catch(() => undefined));

/** What a page may do with a chart that is drawn. */
export interface ChartHandle {
  savePng: (name: string) => void;
}

export interface ChartProps {
  title: string;
  /** What the chart shows, in one sentence: for who cannot see it. */
  summary: string;
  height: number | string;
  /** Made anew for each colour scheme. */
  option: (ink: Ink) => EChartsCoreOption;
  handle?: RefObject<ChartHandle | null>;
  onPress?: (name: string, dataIndex: number) => void;
  /** Something that must be there before the option can be drawn (the shapes of a map). */
  prepare?: (engine: typeof import("./engine")) => Promise<void>;
}

/** The colours of what is not data. */
export interface Ink {
  text: string;
  soft: string;
  line: string;
  ground: string;
  dark: boolean;
}

/** Canvases do not inherit it. */
const FONT = '"Inter Variable", system-ui, sans-serif';

const LIGHT: Ink = { text: "#1f2933", soft: "#5a6470", line: "#e3e6ea", ground: "#ffffff", dark: false };
const DARK: Ink = { text: "#dde3e9", soft: "#a3adb8", line: "#2c323a", ground: "#1a1e23", dark: true };

export function Chart({ title, summary, height, option, handle, onPress, prepare }: ChartProps) {
  const scheme = useComputedColorScheme("light");
  const still = useReducedMotion();
  const place = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState<EChartsType | null>(null);
  const press = useRef(onPress);
  press.current = onPress;
  const ink = scheme === "dark" ? DARK : LIGHT;

  useEffect(() => {
    let chart: EChartsType | null = null;
    let gone = false;
    let watcher: ResizeObserver | null = null;
    void loadEngine().then(async (engine) => {
      await prepare?.(engine);
      if (gone || !place.current) return;
      chart = engine.echarts.init(place.current, null, { renderer: "canvas" });
      chart.on("click", (event) => press.current?.(String(event.name), event.dataIndex));
      watcher = new ResizeObserver(() => chart?.resize());
      watcher.observe(place.current);
      setDrawn(chart);
    });
    return () => {
      gone = true;
      watcher?.disconnect();
      chart?.dispose();
      setDrawn(null);
    };
  }, [prepare]);

  useEffect(() => {
    drawn?.setOption(
      { textStyle: { fontFamily: FONT }, animation: !still, animationDuration: 250, ...option(ink) },
      { notMerge: true },
    );
  }, [drawn, option, ink, still]);

  useImperativeHandle(
    handle,
    () => ({
      savePng: (name) => {
        const address = drawn?.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: ink.ground });
        if (address) downloadBlob(`${name}.png`, blobOf(address));
      },
    }),
    [drawn, ink],
  );

  return (
    <Box pos="relative" h={height}>
      {!drawn && (
        <Box pos="absolute" inset={0}>
          <Loading height="100%" />
        </Box>
      )}
      <div
        ref={place}
        role="img"
        aria-label={`${texts.charts.of(title)}. ${summary}`}
        style={{ width: "100%", height: "100%" }}
        {...(drawn ? { "data-drawn": true } : {})}
      />
    </Box>
  );
}

/** Not fetch(): the policy lets the page connect to its own server only. */
function blobOf(dataUrl: string): Blob {
  const binary = atob(dataUrl.slice(dataUrl.indexOf(",") + 1));
  return new Blob([Uint8Array.from(binary, (letter) => letter.charCodeAt(0))], { type: "image/png" });
}

/** A tooltip of rows, each with its dot, name and value. */
export function tipOf(title: string, rows: readonly { colour: string; name: string; value: string }[]): HTMLElement {
  const tip = document.createElement("div");
  tip.className = "tip";
  const head = tip.appendChild(document.createElement("div"));
  head.textContent = title;
  for (const { colour, name, value } of rows) {
    const row = tip.appendChild(document.createElement("div"));
    row.className = "tip-row";
    const left = row.appendChild(document.createElement("span"));
    const dot = left.appendChild(document.createElement("span"));
    dot.className = "tip-dot";
    dot.style.background = colour;
    left.append(name);
    const right = row.appendChild(document.createElement("strong"));
    right.textContent = value;
  }
  return tip;
}
