/** The agent's own: the day, who waits to be picked up or called back, earlier contacts and the directory. */

import { Badge, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Callbacks, MyDay } from "./MyDay";
import { Directory } from "./Directory";
import { History } from "./History";
import { WaitingList } from "./WaitingList";
import { useDay } from "./useDay";

export function SidePane() {
  const { t } = useTranslation();
  const [tab, setTab] = useState("day");
  const day = useDay();
  const label = (key: string, count = 0) => (
    <span data-testid={`tab-${key}`}>
      {t(`agent.tabs.${key}`)} {count > 0 && <Badge count={count} size="small" />}
    </span>
  );
  return (
    <aside className="agent-side" aria-label={t("agent.tabs.day")} data-testid="side">
      <Tabs
        size="small"
        activeKey={tab}
        onChange={setTab}
        items={[
          { key: "day", label: label("day"), children: <MyDay day={day} /> },
          {
            key: "waiting",
            label: label("waiting", day.day?.callbacks.length),
            children: (
              <>
                <WaitingList />
                <h3>{t("agent.callbacks.title")}</h3>
                <Callbacks day={day} />
              </>
            ),
            destroyOnHidden: true,
          },
          { key: "history", label: label("history"), children: <History />, destroyOnHidden: true },
          { key: "directory", label: label("directory"), children: <Directory />, destroyOnHidden: true },
        ]}
      />
    </aside>
  );
}
