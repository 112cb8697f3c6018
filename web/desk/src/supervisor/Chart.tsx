/** A chart that follows its data, the size of its place, and the page's colours. */

import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";

import { useAppearance } from "../app/appearance";

// eslint-disable-next-line react-hooks/rules-of-hooks -- no hook: registers the parts of ECharts that are used
use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, MarkLineComponent, AriaComponent, CanvasRenderer]);

/** Told apart by people with any colour vision, on white and on black; made by luminance as much as by hue. */
export function chartColours(dark: boolean) {
  return dark
    ? { good: "#5aa9e6", bad: "#f28e5c", other: "#8f8f8f", line: "#f5d76e", second: "#b9a3f0", text: "#d9d9d9", grid: "#3a3a3a" }
    : { good: "#2f6fb5", bad: "#c2521b", other: "#8c8c8c", line: "#1a1a1a", second: "#6a4fb3", text: "#404040", grid: "#e3e3e3" };
}

export function Chart({ option, label, height, id }: { option: EChartsCoreOption; label: string; height: number; id: string }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof init> | null>(null);
  const { dark } = useAppearance();

  useEffect(() => {
    if (!box.current) return;
    const made = init(box.current, null, { renderer: "canvas" });
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(option, { replaceMerge: ["series", "xAxis", "yAxis"] });
  }, [option, dark]);

  return <div ref={box} style={{ height }} role="img" aria-label={label} data-testid={id} />;
}
