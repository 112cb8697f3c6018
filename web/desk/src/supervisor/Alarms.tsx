/** The bell: which queue's numbers are bad, and since when; tells of new ones in the ways that were chosen. */

import { BellOutlined } from "@ant-design/icons";
import { App, Badge, Button, Empty, Popover, Switch } from "antd";
import { useEffect, useRef, useState } from "react";

import { useDesk } from "../app/desk";
import { useNow } from "./clock";
import { duration } from "./format";
import { chime, useNotices } from "./notify";
import { LevelIcon, QueueName, longestWait, useText } from "./parts";
import type { Queue } from "../live/store";
import { useSelection } from "./selection";
import { type Alarm, AlarmBook, RAISE_AFTER_MS } from "./thresholds";

const OPENING_MS = RAISE_AFTER_MS + 2_000;

export function shownValue({ measure, value }: Pick<Alarm, "measure" | "value">): string {
  if (measure === "waiting") return String(value);
  return measure === "longest_wait_seconds" ? duration(value * 1_000) : `${Math.round(value)} %`;
}

export function Alarms() {
  const { t } = useText();
  const { live } = useDesk();
  const { notification } = App.useApp();
  const { open } = useSelection();
  const notices = useNotices();
  const book = useRef(new AlarmBook());
  const [alarms, setAlarms] = useState<readonly Alarm[]>([]);
  const now = useNow();
  const began = useRef<number | null>(null);

  useEffect(() => {
    // What was bad already when the page was opened is in the list; only what gets bad from then on is told.
    if (!live.now().queues.size) return;
    began.current ??= now;
    const opening = now - began.current < OPENING_MS;
    const queues = [...live.now().queues.values()].map((queue: Queue) => ({ queue, longestWaitMs: longestWait(queue, live.age(queue, now)) }));
    const { standing, raised } = book.current.update(queues, now);
    setAlarms(standing);
    if (opening) return;
    for (const alarm of raised) {
      const name = live.now().queues.get(alarm.queue)?.name ?? alarm.queue;
      const text = t(`alarms.text.${alarm.measure}`, { value: shownValue(alarm), threshold: shownValue({ ...alarm, value: alarm.threshold }) });
      notification[alarm.level === "alarm" ? "error" : "warning"]({
        key: `${alarm.queue} ${alarm.measure}`,
        message: name,
        description: text,
        placement: "bottomRight",
        duration: 6,
        role: alarm.level === "alarm" ? "alert" : "status",
        onClick: () => open({ queue: alarm.queue }),
      });
      if (notices.notification) new Notification(name, { body: text, tag: `${alarm.queue} ${alarm.measure}` });
    }
    if (raised.length && notices.sound) chime();
  }, [live, now, notification, notices, open, t]);

  const worst = alarms.some(({ level }) => level === "alarm");
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      title={t("alarms.title")}
      content={
        <div style={{ width: 360 }} data-testid="alarms-list">
          {alarms.length ? (
            <ul style={{ listStyle: "none", margin: 0, padding: 0, maxHeight: "50vh", overflow: "auto" }}>
              {alarms.map((alarm) => (
                <li key={`${alarm.queue} ${alarm.measure}`} style={{ padding: "4px 0" }}>
                  <span className={`sup-level ${alarm.level}`} style={{ margin: 0 }}>
                    <LevelIcon level={alarm.level} /> {shownValue(alarm)}
                  </span>{" "}
                  <button type="button" className="sup-link" onClick={() => open({ queue: alarm.queue })}>
                    <QueueName id={alarm.queue} />
                  </button>
                  {" · "}
                  {t(`alarms.measure.${alarm.measure}`)} <span className="sup-muted sup-num">{t("alarms.for", { time: duration(now - alarm.since) })}</span>
                </li>
              ))}
            </ul>
          ) : (
            <Empty description={t("alarms.none")} image={Empty.PRESENTED_IMAGE_SIMPLE} />
          )}
          <div style={{ display: "flex", gap: 16, marginTop: 12, flexWrap: "wrap" }}>
            <label>
              <Switch size="small" checked={notices.sound} onChange={notices.setSound} aria-label={t("alarms.sound")} /> {t("alarms.sound")}
            </label>
            <label>
              <Switch size="small" checked={notices.notification} onChange={(on) => void notices.setNotification(on)} aria-label={t("alarms.browser")} /> {t("alarms.browser")}
            </label>
          </div>
        </div>
      }
    >
      <Badge count={alarms.length} size="small" color={worst ? "#b3261e" : "#8a5a00"}>
        <Button type="text" icon={<BellOutlined />} aria-label={t("alarms.open", { count: alarms.length })} data-testid="alarms" />
      </Badge>
    </Popover>
  );
}
