/** Sends on what rings, without answering it. */

import { ForwardOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Offer } from "../live/store";
import { TargetPicker } from "./TargetPicker";
import { destinationOf } from "./callControl";
import { useAgentDesk, useRun } from "./context";
import { deflect } from "./diversion";
import type { Pop } from "./pop";
import { DEFLECT_BUTTON, keyOf } from "./useShortcuts";

export function Deflect({ offer, pop }: { offer: Offer; pop: Pop | null }) {
  const { t } = useTranslation();
  const { desk } = useAgentDesk();
  const run = useRun();
  const [picking, setPicking] = useState(false);
  return (
    <>
      <Button
        id={DEFLECT_BUTTON}
        className="agent-deflect"
        size="large"
        icon={<ForwardOutlined />}
        onClick={() => setPicking(true)}
        aria-keyshortcuts={keyOf("hold")}
        data-testid="deflect"
      >
        {t("agent.deflect.send")} <kbd>{keyOf("hold")}</kbd>
      </Button>
      {picking && (
        <TargetPicker
          title={t("agent.deflect.title")}
          hint={t("agent.deflect.hint")}
          kinds={kindsFor(pop)}
          onChoose={(target) => run(async () => target && (await deflect(desk.api, offer.id, destinationOf(target))))}
          onClose={() => setPicking(false)}
        />
      )}
    </>
  );
}

/** Only a caller can go to a number; who is to be called back, to nobody but a colleague. */
function kindsFor(pop: Pop | null): ("agent" | "queue" | "number")[] {
  if (pop?.callback) return ["agent"];
  return pop && pop.channel !== "voice" ? ["agent", "queue"] : ["agent", "queue", "number"];
}
