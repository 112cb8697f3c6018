/** Trends of the day, per interval and queue: contacts by result with the service level, and how long things took. */

import { Alert, Empty, Segmented, Select, Spin, Table, type TableColumnsType } from "antd";
import { useCallback, useMemo, useState } from "react";

import { useAppearance } from "../app/appearance";
import { useDesk } from "../app/desk";
import { useSelected } from "../live/store";
import { Chart, chartColours } from "./Chart";
import { duration, percent, timeOfDay } from "./format";
import { useText } from "./parts";
import { useSite } from "./site";
import { type Slot, slotsOf } from "./statistics";
import { useAsked } from "./useAsked";

const EVERY_MS = 15_000;
const LENGTHS = [15, 30, 60] as const;

/** Today's slots so far, brought up to date while they are looked at; `undefined` until they are known. */
function useSlots(queue: string | null, minutes: number): { slots: Slot[] | undefined; failed: boolean } {
  const { api } = useDesk();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const query = { interval_minutes: minutes, ...(queue !== null && { queue }) };
      const { data } = await api.GET("/v1/statistics", { params: { query }, signal });
      return data && slotsOf(data.intervals, minutes, Date.parse(data.until));
    },
    [api, queue, minutes],
  );
  const { found, failed } = useAsked(ask, EVERY_MS);
  return { slots: found, failed };
}

function useOptions(slots: readonly Slot[], target: number | null) {
  const { t } = useText();
  const { dark } = useAppearance();
  const { zone } = useSite();
  return useMemo(() => {
    const colour = chartColours(dark);
    const axis = { axisLabel: { color: colour.text }, axisLine: { lineStyle: { color: colour.grid } }, splitLine: { lineStyle: { color: colour.grid } } };
    const shared = {
      animation: false,
      textStyle: { color: colour.text },
      grid: { left: 56, right: 60, top: 44, bottom: 32 },
      legend: { top: 4, textStyle: { color: colour.text } },
      tooltip: { trigger: "axis", backgroundColor: dark ? "#262626" : "#fff", textStyle: { color: dark ? "#f0f0f0" : "#1a1a1a" } },
      xAxis: { type: "category", data: slots.map(({ at }) => timeOfDay(at, zone, false)), ...axis, splitLine: { show: false } },
    };
    const bar = (name: string, color: string, data: number[], decal: object) => ({
      name, type: "bar", stack: "contacts", data, barMaxWidth: 36, itemStyle: { color, decal },
    });
    // Patterns beside colours, so that parts of a bar are told apart without any.
    const plain = { symbol: "none" };
    const stripes = { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4, color: "rgba(255,255,255,.45)" };
    const dots = { symbol: "circle", symbolSize: 0.6, dashArrayX: [[6, 6], [0, 6, 6, 0]], dashArrayY: [6, 0], color: "rgba(255,255,255,.5)" };
    const contacts = {
      ...shared,
      yAxis: [
        { type: "value", name: t("trends.contacts"), nameTextStyle: { color: colour.text }, minInterval: 1, ...axis },
        { type: "value", name: t("trends.serviceLevel"), nameTextStyle: { color: colour.text, align: "right" }, min: 0, max: 100, axisLabel: { color: colour.text, formatter: "{value} %" }, splitLine: { show: false } },
      ],
      series: [
        bar(t("trends.handled"), colour.good, slots.map(({ handled }) => handled), plain),
        bar(t("trends.abandoned"), colour.bad, slots.map(({ abandoned }) => abandoned), stripes),
        bar(t("trends.other"), colour.other, slots.map(({ other }) => other), dots),
        {
          name: t("trends.serviceLevel"), type: "line", yAxisIndex: 1, connectNulls: false, symbol: "circle", symbolSize: 7,
          data: slots.map(({ serviceLevel }) => (serviceLevel === null ? null : Math.round(serviceLevel * 1_000) / 10)),
          lineStyle: { color: colour.line, width: 2 }, itemStyle: { color: colour.line },
          tooltip: { valueFormatter: (value: unknown) => (typeof value === "number" ? `${value} %` : "–") },
          ...(target !== null && {
            markLine: { silent: true, symbol: "none", lineStyle: { color: colour.line, type: "dotted" }, label: { color: colour.text, formatter: `${target} %`, position: "insideStartTop" }, data: [{ yAxis: target }] },
          }),
        },
      ],
    };
    const line = (name: string, color: string, data: (number | null)[], type: string) => ({
      name, type: "line", data, symbol: "circle", symbolSize: 6, lineStyle: { color, width: 2, type }, itemStyle: { color },
      tooltip: { valueFormatter: (value: unknown) => (typeof value === "number" ? duration(value * 1_000) : "–") },
    });
    const seconds = (of: (slot: Slot) => number | null) =>
      slots.map((slot) => {
        const ms = of(slot);
        return ms === null ? null : Math.round(ms / 1_000);
      });
    const waits = {
      ...shared,
      yAxis: { type: "value", nameTextStyle: { color: colour.text }, ...axis, axisLabel: { color: colour.text, formatter: (value: number) => duration(value * 1_000) } },
      series: [
        line(t("trends.meanWait"), colour.bad, seconds(({ meanWaitMs }) => meanWaitMs), "solid"),
        line(t("trends.meanHandling"), colour.second, seconds(({ meanHandlingMs }) => meanHandlingMs), "dashed"),
      ],
    };
    return { contacts, waits };
  }, [slots, target, dark, zone, t]);
}

function SlotTable({ slots }: { slots: readonly Slot[] }) {
  const { t } = useText();
  const { zone } = useSite();
  const ms = (value: number | null) => (value === null ? "–" : duration(value));
  const number = (key: "offered" | "handled" | "abandoned" | "other") => ({ title: t(`trends.${key}`), dataIndex: key, align: "right" as const, className: "sup-num" });
  const columns: TableColumnsType<Slot> = [
    { title: t("trends.at"), key: "at", className: "sup-num", render: (_, { at }) => timeOfDay(at, zone, false) },
    number("offered"),
    number("handled"),
    number("abandoned"),
    number("other"),
    { title: t("trends.serviceLevel"), key: "level", align: "right", className: "sup-num", render: (_, { serviceLevel }) => percent(serviceLevel) },
    { title: t("trends.meanWait"), key: "wait", align: "right", className: "sup-num", render: (_, { meanWaitMs }) => ms(meanWaitMs) },
    { title: t("trends.meanHandling"), key: "handling", align: "right", className: "sup-num", render: (_, { meanHandlingMs }) => ms(meanHandlingMs) },
  ];
  return <Table size="small" rowKey="at" columns={columns} dataSource={[...slots].reverse()} pagination={false} data-testid="trends-table" />;
}

const NO_SLOTS: Slot[] = [];

export default function Trends() {
  const { t } = useText();
  const { live } = useDesk();
  const { zone } = useSite();
  const queues = useSelected(live, (state) => state.queues);
  const [queue, setQueue] = useState<string | null>(null);
  const [minutes, setMinutes] = useState<number>(15);
  const [as, setAs] = useState<"chart" | "table">("chart");
  const { slots, failed } = useSlots(queue, minutes);
  const target = queue === null ? null : (queues.get(queue)?.service_level_target.percent ?? null);
  const { contacts, waits } = useOptions(slots ?? NO_SLOTS, target);
  return (
    <section className="sup-panel" style={{ minHeight: "100%", overflow: "visible" }} aria-label={t("trends.title")} data-testid="trends">
      <header>
        <h2>{t("trends.title")}</h2>
        <Select
          style={{ width: 220 }}
          aria-label={t("trends.queue")}
          data-testid="trends-queue"
          value={queue ?? ""}
          options={[{ value: "", label: t("trends.allQueues") }, ...[...queues.values()].map(({ id, name }) => ({ value: id, label: name }))]}
          onChange={(chosen) => setQueue(chosen || null)}
        />
        <Segmented aria-label={t("trends.interval")} value={minutes} options={LENGTHS.map((value) => ({ value, label: t("trends.minutes", { count: value }) }))} onChange={setMinutes} />
        <Segmented value={as} data-testid="trends-as" options={(["chart", "table"] as const).map((value) => ({ value, label: t(value === "chart" ? "trends.asChart" : "trends.asTable") }))} onChange={setAs} />
        <span className="sup-muted">{t("trends.zone", { zone })}</span>
      </header>
      {failed && <Alert banner type="warning" showIcon message={t("trends.unavailable")} />}
      {slots === undefined && !failed && <Spin style={{ margin: 48 }} />}
      {slots?.length === 0 && <Empty style={{ margin: 48 }} description={t("trends.none")} image={Empty.PRESENTED_IMAGE_SIMPLE} />}
      {slots !== undefined && slots.length > 0 && (
        <div style={{ padding: "8px 12px" }}>
          {as === "chart" ? (
            <>
              <Chart id="trends-contacts" option={contacts} label={t("trends.chartLabel")} height={360} />
              <Chart id="trends-waits" option={waits} label={t("trends.waitsLabel")} height={260} />
            </>
          ) : (
            <SlotTable slots={slots} />
          )}
        </div>
      )}
    </section>
  );
}
