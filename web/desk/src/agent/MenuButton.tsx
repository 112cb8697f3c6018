/** Sends the caller through a flow of the site, a menu say; the agent waits and gets them back. */

import { PartitionOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Contact } from "../live/store";
import { TargetPicker } from "./TargetPicker";
import { destinationOf, sendToMenu } from "./callControl";
import { useAgentDesk, useRun } from "./context";

const FLOWS = ["flow"] as const;

export function MenuButton({ contact }: { contact: Contact }) {
  const { t } = useTranslation();
  const { desk, hasIvr } = useAgentDesk();
  const run = useRun();
  const [picking, setPicking] = useState(false);
  if (!hasIvr) return null;
  return (
    <>
      <Button
        icon={<PartitionOutlined />}
        disabled={!contact.allowed_actions.includes("send_to_menu")}
        title={t("agent.menu.hint")}
        onClick={() => setPicking(true)}
        data-testid="send-to-menu"
      >
        {t("agent.menu.send")}
      </Button>
      {picking && (
        <TargetPicker
          title={t("agent.menu.title")}
          hint={t("agent.menu.hint")}
          kinds={FLOWS}
          onChoose={(target) => run(async () => target && (await sendToMenu(desk.api, contact.id, destinationOf(target))))}
          onClose={() => setPicking(false)}
        />
      )}
    </>
  );
}
