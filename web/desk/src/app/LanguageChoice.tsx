/** English or Chinese; the choice is kept in the browser. */

import { Segmented } from "antd";
import { useTranslation } from "react-i18next";

export function LanguageChoice() {
  const { i18n } = useTranslation();
  return (
    <Segmented
      size="small"
      aria-label="Language 语言"
      value={i18n.language}
      options={[
        { label: "English", value: "en" },
        { label: "中文", value: "zh" },
      ]}
      onChange={(language) => void i18n.changeLanguage(language)}
    />
  );
}
