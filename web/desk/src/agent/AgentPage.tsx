/** The agent's page. */

import { useTranslation } from "react-i18next";

export default function AgentPage() {
  const { t } = useTranslation();
  return <main>{t("agent.title")}</main>;
}
