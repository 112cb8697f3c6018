/** Languages of the pages. Each part of the pages has a dictionary of its own; both languages must have the same keys. */

import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import { agentEn, agentZh } from "./agent";
import { appEn, appZh } from "./app";
import { supervisorEn, supervisorZh } from "./supervisor";

const KEY = "ctid.language";
const first = localStorage.getItem(KEY) ?? (navigator.language.startsWith("zh") ? "zh" : "en");

void i18next.use(initReactI18next).init({
  lng: first,
  fallbackLng: "en",
  interpolation: { escapeValue: false },
  resources: {
    en: { translation: { ...appEn, agent: agentEn, supervisor: supervisorEn } },
    zh: { translation: { ...appZh, agent: agentZh, supervisor: supervisorZh } },
  },
});

function obey(language: string): void {
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}
obey(first);
i18next.on("languageChanged", obey);
