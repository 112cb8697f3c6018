/** Rejects what rings; beside it, with a reason: who has to leave now is not offered the next one. */

import { DownOutlined, StopOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";

import { useAgentDesk } from "./context";
import { useActions } from "./useActions";
import { keyOf } from "./useShortcuts";

export function RejectButton() {
  const { t } = useTranslation();
  const { reasons } = useAgentDesk();
  const { reject, rejectFor } = useActions();
  return (
    <div className="agent-reject-both">
      <Button
        className="agent-reject"
        size="large"
        icon={<StopOutlined />}
        onClick={() => void reject()}
        aria-keyshortcuts={keyOf("hangUp")}
        data-testid="reject"
      >
        {t("agent.ringing.reject")} <kbd>{keyOf("hangUp")}</kbd>
      </Button>
      <Dropdown
        trigger={["click"]}
        placement="bottomRight"
        autoFocus
        menu={{
          items: [
            { key: "", label: t("agent.state.noReason") },
            ...reasons
              .filter(({ system }) => !system)
              .map(({ code, label }) => ({ key: code, label: <span data-testid={`reject-${code}`}>{label}</span> })),
          ],
          onClick: ({ key }) => void rejectFor(key || undefined),
        }}
      >
        <Button
          className="agent-reject"
          size="large"
          icon={<DownOutlined />}
          aria-haspopup="menu"
          aria-label={t("agent.ringing.rejectFor")}
          title={t("agent.ringing.rejectFor")}
          data-testid="reject-for"
        />
      </Dropdown>
    </div>
  );
}
