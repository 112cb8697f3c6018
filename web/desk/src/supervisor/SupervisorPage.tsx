/** The supervisor's page. */

import { useTranslation } from "react-i18next";

export default function SupervisorPage() {
  const { t } = useTranslation();
  return <main>{t("supervisor.title")}</main>;
}
