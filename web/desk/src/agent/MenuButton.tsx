/** Sends the caller through a menu of the site; the agent waits and gets them back. */

import { PartitionOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";

import type { Contact } from "../live/store";
import { sendToMenu } from "./callControl";
import { useAgentDesk, useRun } from "./context";

export function MenuButton({ contact }: { contact: Contact }) {
  const { t } = useTranslation();
  const { desk, menus } = useAgentDesk();
  const run = useRun();
  if (menus.length === 0) return null;
  return (
    <Dropdown
      trigger={["click"]}
      autoFocus
      disabled={!contact.allowed_actions.includes("send_to_menu")}
      menu={{
        items: menus.map(({ code, label }) => ({ key: code, label: <span data-testid={`menu-${code}`}>{label}</span> })),
        onClick: ({ key }) => void run(() => sendToMenu(desk.api, contact.id, key)),
      }}
    >
      <Button icon={<PartitionOutlined />} aria-haspopup="menu" title={t("agent.menu.hint")} data-testid="send-to-menu">
        {t("agent.menu.send")}
      </Button>
    </Dropdown>
  );
}
