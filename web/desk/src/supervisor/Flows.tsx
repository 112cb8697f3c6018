/** Flows of the IVR: where callers are in them now, where they hang up, and for how many the IVR alone was enough. */

import { Alert, Empty, Segmented, Select, Spin, Table, type TableColumnsType } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { FlowPicture, type Marks } from "./FlowPicture";
import { duration, percent, startOfDay } from "./format";
import { type NodeRow, nodeRows } from "./nodeRows";
import { useText } from "./parts";
import { useSite } from "./site";
import { type FlowReport, type WholeFlow, useDrawing, useFlow, useFlowList, useFlowReport } from "./useFlows";

const DAYS = [1, 7, 30] as const;
const DAY_MS = 86_400_000;

function Figures({ flow, report }: { flow: WholeFlow; report: FlowReport | undefined }) {
  const { t } = useText();
  const total = report?.total;
  const share = (part: number | undefined) => (total && total.entered > 0 && part !== undefined ? percent(part / total.entered) : "–");
  const figures = [
    ["now", String(flow.callers)],
    ["entered", total ? String(total.entered) : "–"],
    ["contained", share(total?.contained)],
    ["dropped", share(total?.dropped_out)],
    ["left", share(total?.left)],
    ["mean", total?.mean_seconds == null ? "–" : duration(total.mean_seconds * 1_000)],
  ] as const;
  return (
    <dl className="sup-summary" style={{ padding: "0 12px 8px" }}>
      {figures.map(([key, value]) => (
        <div key={key} className="sup-figure" title={t(`flows.${key}Help`)}>
          <dt>{t(`flows.${key}`)}</dt>
          <dd data-testid={`flow-figure-${key}`}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Nodes({ rows, chosen, onChoose }: { rows: readonly NodeRow[]; chosen: string | null; onChoose: (node: string) => void }) {
  const { t } = useText();
  const count = (key: "callers" | "entered" | "timeouts" | "invalid" | "failed") => ({
    title: t(`flows.${key}`),
    dataIndex: key,
    align: "right" as const,
    className: "sup-num",
    sorter: (a: NodeRow, b: NodeRow) => a[key] - b[key],
    render: (value: number) => value || <span className="sup-muted">–</span>,
  });
  const columns: TableColumnsType<NodeRow> = [
    {
      title: t("flows.node"),
      key: "node",
      render: (_, { node, title, kind }) => (
        <>
          <button type="button" className="sup-link" aria-pressed={node === chosen} data-testid={`flow-node-${node}`} onClick={() => onChoose(node)}>
            {title ?? node}
          </button>
          <span className="sup-muted sup-kind">{kind === null ? t("flows.gone") : t(`flows.kind.${kind}`)}</span>
        </>
      ),
    },
    count("callers"),
    count("entered"),
    {
      title: t("flows.droppedHere"),
      key: "dropped",
      align: "right",
      className: "sup-num",
      sorter: (a, b) => a.droppedOut - b.droppedOut,
      render: (_, { droppedOut, dropped }) => (droppedOut ? <span data-testid="flow-dropped">{`${droppedOut} · ${percent(dropped)}`}</span> : <span className="sup-muted">–</span>),
    },
    count("timeouts"),
    count("invalid"),
    count("failed"),
    {
      title: t("flows.mean"),
      key: "mean",
      align: "right",
      className: "sup-num",
      sorter: (a, b) => (a.meanMs ?? 0) - (b.meanMs ?? 0),
      render: (_, { meanMs }) => (meanMs === null ? <span className="sup-muted">–</span> : duration(meanMs)),
    },
  ];
  return (
    <Table
      size="small"
      rowKey="node"
      columns={columns}
      dataSource={rows}
      pagination={false}
      rowClassName={({ node }) => (node === chosen ? "sup-row-open sup-chosen" : "sup-row-open")}
      onRow={({ node }) => ({ onClick: () => onChoose(node) })}
      data-testid="flow-nodes"
    />
  );
}

function OneFlow({ id, since }: { id: string; since: string }) {
  const { t } = useText();
  const { i18n } = useTranslation();
  const { found: flow, failed } = useFlow(id);
  const { found: report, failed: noReport } = useFlowReport(id, since);
  const drawing = useDrawing(id, flow?.version ?? "", i18n.language);
  const [chosen, setChosen] = useState<string | null>(null);
  const rows = useMemo(() => nodeRows(flow, report), [flow, report]);
  const marks = useMemo(() => new Map<string, Marks>(rows.map(({ node, callers, dropped }) => [node, { callers, dropped }])), [rows]);
  return (
    <>
      {(failed || noReport) && <Alert banner type="warning" showIcon message={t("flows.unavailable")} />}
      {flow ? (
        <>
          <Figures flow={flow} report={report} />
          <div className="sup-flow">
            {drawing ? <FlowPicture drawing={drawing} marks={marks} label={t("flows.picture", { name: flow.title ?? flow.id })} chosen={chosen} onChoose={setChosen} /> : <Spin style={{ margin: 48 }} />}
            <div className="sup-scroll" tabIndex={0} role="group" aria-label={t("flows.title")}>
              <Nodes rows={rows} chosen={chosen} onChoose={setChosen} />
            </div>
          </div>
        </>
      ) : (
        !failed && <Spin style={{ margin: 48 }} />
      )}
    </>
  );
}

export default function Flows() {
  const { t } = useText();
  const { zone } = useSite();
  const { found: flows, failed } = useFlowList();
  const [picked, setPicked] = useState<string | null>(null);
  const [days, setDays] = useState<number>(1);
  const id = picked ?? flows?.[0]?.id ?? null;
  // A day without callers who come or go is still one: midnight is looked up when a stretch is chosen.
  const since = useMemo(() => startOfDay(Date.now() - (days - 1) * DAY_MS, zone || "UTC").toISOString(), [days, zone]);
  return (
    <section className="sup-panel" style={{ height: "100%" }} aria-label={t("flows.title")} data-testid="flows">
      <header>
        <h2>{t("flows.title")}</h2>
        <Select
          style={{ width: 260 }}
          showSearch
          optionFilterProp="label"
          aria-label={t("flows.choose")}
          data-testid="flows-flow"
          value={id}
          options={(flows ?? []).map((flow) => ({ value: flow.id, label: flow.callers ? `${flow.title ?? flow.id} (${flow.callers})` : (flow.title ?? flow.id) }))}
          optionRender={(option) => <span data-testid={`flows-option-${option.value}`}>{option.label}</span>}
          onChange={setPicked}
        />
        <Segmented aria-label={t("flows.since")} value={days} data-testid="flows-days" options={DAYS.map((value) => ({ value, label: t(`flows.days${value}`) }))} onChange={setDays} />
        <span className="sup-muted">{t("flows.closed")}</span>
      </header>
      {failed && <Alert banner type="warning" showIcon message={t("flows.unavailable")} />}
      {flows === undefined && !failed && <Spin style={{ margin: 48 }} />}
      {flows?.length === 0 && <Empty style={{ margin: 48 }} description={t("flows.none")} image={Empty.PRESENTED_IMAGE_SIMPLE} />}
      {id !== null && <OneFlow key={id} id={id} since={since} />}
    </section>
  );
}
