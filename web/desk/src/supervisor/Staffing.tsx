/** How many agents a queue's usual load needs for its target, beside how many are at work now. */

import { ProblemError, type components } from "@ctid/client";
import { Alert, Button, Empty, Form, InputNumber, Select, Table } from "antd";
import { useState } from "react";

import { useDesk } from "../app/desk";
import { useSelected } from "../live/store";
import { duration } from "./format";
import { useText } from "./parts";
import { chosen } from "./rules";

type Answer = components["schemas"]["StaffingView"];

interface Asked {
  queue: string;
  percent: number;
  seconds: number;
  hour?: number | null;
}

function Needed({ answer, atWork }: { answer: Answer; atWork: number }) {
  const { t } = useText();
  const need = (answer.erlang_a ?? answer.erlang_c).agents;
  const missing = need - atWork;
  return (
    <div style={{ padding: "0 12px 12px" }} data-testid="staffing-answer">
      <dl className="sup-summary" style={{ maxWidth: 760 }}>
        <div className="sup-figure">
          <dt>{t("staffing.needed")}</dt>
          <dd data-testid="staffing-needed">{need}</dd>
        </div>
        <div className={`sup-figure ${missing > 0 ? "warn" : ""}`}>
          <dt>{t("staffing.atWork")}</dt>
          <dd>{atWork}</dd>
        </div>
        <div className="sup-figure">
          <dt>{t("staffing.load")}</dt>
          <dd>{answer.demand.erlangs.toFixed(1)}</dd>
        </div>
        <div className="sup-figure">
          <dt>{t("staffing.handling")}</dt>
          <dd>{duration(answer.demand.handling_seconds * 1_000)}</dd>
        </div>
        <div className="sup-figure">
          <dt>{t("staffing.calls")}</dt>
          <dd>{Math.round(answer.demand.calls_per_hour)}</dd>
        </div>
      </dl>
      <p>
        {missing > 0 ? t("staffing.missing", { count: missing }) : t("staffing.enough")}{" "}
        {answer.basis && (
          <span className="sup-muted">
            {t("staffing.basis", { since: answer.basis.since, until: answer.basis.until, calls: answer.basis.calls, hour: answer.basis.hour })}
          </span>
        )}
      </p>
      <Table
        size="small"
        style={{ maxWidth: 760 }}
        rowKey="agents"
        pagination={false}
        dataSource={answer.curve}
        rowClassName={({ agents }) => (agents === need ? "sup-chosen" : "")}
        columns={[
          { title: t("staffing.agents"), dataIndex: "agents", align: "right" },
          { title: t("trends.serviceLevel"), key: "level", align: "right", render: (_, { outcome }) => (outcome ? `${outcome.service_level_percent.toFixed(0)} %` : t("staffing.endless")) },
          { title: t("trends.meanWait"), key: "wait", align: "right", render: (_, { outcome }) => (outcome ? duration(outcome.mean_wait_seconds * 1_000) : "–") },
          { title: t("trends.abandoned"), key: "abandoned", align: "right", render: (_, { outcome }) => (outcome ? `${outcome.abandoned_percent.toFixed(1)} %` : "–") },
          { title: t("staffing.occupancy"), key: "occupancy", align: "right", render: (_, { outcome }) => (outcome ? `${outcome.occupancy_percent.toFixed(0)} %` : "–") },
        ]}
      />
    </div>
  );
}

export default function Staffing() {
  const { t } = useText();
  const { api, live } = useDesk();
  const queues = useSelected(live, (state) => state.queues);
  const [form] = Form.useForm<Asked>();
  const [found, setFound] = useState<{ queue: string; answer: Answer } | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const ask = async (asked: Asked) => {
    setBusy(true);
    setFault(null);
    try {
      const { data } = await api.GET("/v1/staffing", {
        params: {
          query: { queue: asked.queue, target_percent: asked.percent, target_seconds: asked.seconds, ...(asked.hour != null && { hour: asked.hour }) },
        },
      });
      if (data) setFound({ queue: asked.queue, answer: data });
    } catch (error) {
      setFound(null);
      setFault(error instanceof ProblemError ? error.message : t("act.unreachable"));
    }
    setBusy(false);
  };
  const take = (queue: string) => {
    const target = queues.get(queue)?.service_level_target;
    if (target) form.setFieldsValue({ percent: target.percent, seconds: target.seconds });
  };

  return (
    <section className="sup-panel" style={{ minHeight: "100%" }} aria-label={t("nav.staffing")} data-testid="staffing">
      <Form form={form} layout="inline" style={{ padding: 12, rowGap: 8 }} initialValues={{ percent: 80, seconds: 20 }} onFinish={(asked) => void ask(asked)}>
        <Form.Item name="queue" label={t("contact.queue")} rules={[chosen(t("staffing.choose"))]}>
          <Select showSearch optionFilterProp="label" style={{ width: 220 }} options={[...queues.values()].map(({ id, name }) => ({ value: id, label: name }))} onChange={take} data-testid="staffing-queue" />
        </Form.Item>
        <Form.Item name="percent" label={t("staffing.percent")}>
          <InputNumber min={1} max={99.9} suffix="%" style={{ width: 100 }} />
        </Form.Item>
        <Form.Item name="seconds" label={t("staffing.within")}>
          <InputNumber min={0} suffix="s" style={{ width: 100 }} />
        </Form.Item>
        <Form.Item name="hour" label={t("staffing.hour")}>
          <InputNumber min={0} max={23} placeholder={t("staffing.busiest")} style={{ width: 120 }} />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={busy} data-testid="staffing-ask">
          {t("staffing.ask")}
        </Button>
      </Form>
      {fault && <Alert banner type="warning" showIcon message={fault} />}
      {found ? (
        <Needed answer={found.answer} atWork={queues.get(found.queue)?.agents_able ?? 0} />
      ) : (
        !fault && <Empty style={{ margin: 48 }} description={t("staffing.explain")} image={Empty.PRESENTED_IMAGE_SIMPLE} />
      )}
    </section>
  );
}
