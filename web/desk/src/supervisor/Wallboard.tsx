/** The wallboard. */

import { useTranslation } from "react-i18next";

export default function Wallboard() {
  const { t } = useTranslation();
  return <main>{t("supervisor.title")}</main>;
}
