/** The live queues: who waits and for how long, how the day went, who can help. */

import { Table, type TableColumnsType, Tooltip } from "antd";
import { useMemo } from "react";

import { useDesk } from "../app/desk";
import { useSelected } from "../live/store";
import { useNow } from "./clock";
import { duration, percent } from "./format";
import { Levelled, longestWait, useText } from "./parts";
import type { Queue } from "../live/store";
import { useSelection } from "./selection";
import { abandonedPercent, queueLevel } from "./thresholds";

function Longest({ queue }: { queue: Queue }) {
  const { live } = useDesk();
  const ms = longestWait(queue, live.age(queue, useNow()));
  if (!queue.waiting) return <span className="sup-muted">–</span>;
  return <Levelled level={queueLevel(queue, "longest_wait_seconds", ms)}>{duration(ms)}</Levelled>;
}

function ServiceLevel({ queue }: { queue: Queue }) {
  const { t } = useText();
  const share = queue.today.service_level;
  const target = queue.service_level_target;
  const met = share === null || share * 100 >= target.percent;
  return (
    <Tooltip title={t("queues.target", { percent: target.percent, seconds: target.seconds })}>
      <span>
        <Levelled level={queueLevel(queue, "service_level_percent", 0)}>
          {percent(share)}
          <span className="sup-muted">
            {met ? "≥" : "<"} {target.percent} %
          </span>
        </Levelled>
      </span>
    </Tooltip>
  );
}

function Abandoned({ queue }: { queue: Queue }) {
  const share = abandonedPercent(queue);
  return (
    <Levelled level={queueLevel(queue, "abandoned_percent", 0)}>
      {queue.today.abandoned}
      {share !== null && <span className="sup-muted">({Math.round(share)} %)</span>}
    </Levelled>
  );
}

export function QueuePanel() {
  const { t } = useText();
  const { live } = useDesk();
  const selection = useSelection();
  const queues = useSelected(live, (state) => state.queues);
  const rows = useMemo(() => [...queues.values()], [queues]);

  const columns = useMemo<TableColumnsType<Queue>>(
    () => [
      {
        title: t("queues.name"),
        key: "name",
        ellipsis: true,
        sorter: (a, b) => a.name.localeCompare(b.name),
        onCell: () => ({ style: { maxWidth: 240 } }),
        render: (_, queue) => (
          <button className="sup-link" type="button" data-testid={`queue-open-${queue.id}`} aria-haspopup="dialog" onClick={() => selection.open({ queue: queue.id })}>
            {queue.name}
          </button>
        ),
      },
      {
        title: t("queues.waiting"),
        key: "waiting",
        align: "right",
        sorter: (a, b) => a.waiting - b.waiting,
        render: (_, queue) => (
          <span data-testid={`queue-waiting-${queue.id}`}>
            <Levelled level={queueLevel(queue, "waiting", 0)}>{queue.waiting}</Levelled>
          </span>
        ),
      },
      {
        title: t("queues.longest"),
        key: "longest",
        align: "right",
        sorter: (a, b) => a.longest_wait_ms - b.longest_wait_ms,
        render: (_, queue) => <Longest queue={queue} />,
      },
      {
        title: <Tooltip title={t("queues.freeHelp")}>{t("queues.free")}</Tooltip>,
        key: "free",
        align: "right",
        sorter: (a, b) => a.agents_free - b.agents_free,
        render: (_, queue) => (
          <span className="sup-num">
            {queue.agents_free} <span className="sup-muted">/ {queue.agents_able}</span>
          </span>
        ),
      },
      {
        title: t("queues.talking"),
        key: "talking",
        align: "right",
        sorter: (a, b) => a.connected - b.connected,
        render: (_, queue) => <span className="sup-num">{queue.connected}</span>,
      },
      {
        title: <Tooltip title={t("queues.expectedHelp")}>{t("queues.expected")}</Tooltip>,
        key: "expected",
        align: "right",
        render: (_, queue) => (
          <span className="sup-num">{queue.expected_wait_ms === null ? "–" : duration(queue.expected_wait_ms)}</span>
        ),
      },
      {
        title: t("queues.serviceLevel"),
        key: "level",
        align: "right",
        sorter: (a, b) => (a.today.service_level ?? 2) - (b.today.service_level ?? 2),
        render: (_, queue) => <ServiceLevel queue={queue} />,
      },
      {
        title: t("queues.abandoned"),
        key: "abandoned",
        align: "right",
        sorter: (a, b) => (abandonedPercent(a) ?? -1) - (abandonedPercent(b) ?? -1),
        render: (_, queue) => <Abandoned queue={queue} />,
      },
      {
        title: <Tooltip title={t("queues.handledHelp")}>{t("queues.handled")}</Tooltip>,
        key: "handled",
        align: "right",
        sorter: (a, b) => (a.today.offered) - (b.today.offered),
        render: (_, queue) => (
          <span className="sup-num">
            {queue.today.handled} <span className="sup-muted">/ {queue.today.offered}</span>
          </span>
        ),
      },
    ],
    [t, selection],
  );

  return (
    <section className="sup-panel sup-queues" aria-label={t("queues.title")} data-testid="queues">
      <header>
        <h2>{t("queues.title")}</h2>
      </header>
      <div className="sup-scroll" tabIndex={0} role="group" aria-label={t("queues.title")}>
        <Table
          size="small"
          rowKey="id"
          columns={columns}
          dataSource={rows}
          pagination={false}
          showSorterTooltip={false}
          rowClassName={(queue) => (queue.id === selection.queue ? "sup-row-open sup-chosen" : "sup-row-open")}
          onRow={(queue) => ({ onClick: () => selection.open({ queue: queue.id }) })}
          locale={{ emptyText: t("queues.none") }}
        />
      </div>
    </section>
  );
}
