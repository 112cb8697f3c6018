/** Light or dark, after the system unless the user chose, which the browser keeps; and no motion for who wants none. */

import { type ThemeConfig, theme } from "antd";
import { useEffect, useSyncExternalStore } from "react";

export type Appearance = "system" | "light" | "dark";

const KEY = "ctid.appearance";
const listeners = new Set<() => void>();
const systemIsDark = media("(prefers-color-scheme: dark)");
const isStill = media("(prefers-reduced-motion: reduce)");

/** Whether a media query holds, as its event told last: Chromium that is asked in between swallows the event. */
function media(query: string): () => boolean {
  const list = window.matchMedia(query);
  let holds = list.matches;
  list.addEventListener("change", (event) => {
    holds = event.matches;
    tellAll();
  });
  return () => holds;
}

function tellAll(): void {
  listeners.forEach((tell) => tell());
}

function chosen(): Appearance {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function isDark(): boolean {
  const choice = chosen();
  return choice === "system" ? systemIsDark() : choice === "dark";
}

export function choose(appearance: Appearance): void {
  localStorage.setItem(KEY, appearance);
  tellAll();
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** Ant Design's own primary colour, also under the pointer, placeholders and remarks have less contrast than WCAG AA asks for. */
const LIGHT: ThemeConfig = {
  algorithm: theme.defaultAlgorithm,
  token: {
    borderRadius: 6,
    colorPrimary: "#0958d9",
    colorPrimaryHover: "#0a4bb5",
    colorError: "#cf1322",
    colorTextPlaceholder: "#6b6b6b",
    colorTextTertiary: "#595959",
    colorTextDescription: "#595959",
  },
};
const DARK: ThemeConfig = {
  algorithm: theme.darkAlgorithm,
  token: {
    borderRadius: 6,
    colorPrimary: "#5aa7ff",
    colorError: "#ff7875",
    colorTextPlaceholder: "#a3a3a3",
    colorTextTertiary: "#a6a6a6",
    colorTextDescription: "#a6a6a6",
  },
  components: { Button: { primaryColor: "#0a0a0a" } },
};

/**
 * Things change at once instead of on the way: Ant Design's durations are made of these. Not by its token `motion`: once
 * that is other than before, it begins everything within anew, and the phone's calls end.
 */
const STILL = { motionBase: 0, motionUnit: 0 };

function withoutMotion(config: ThemeConfig): ThemeConfig {
  return { ...config, token: { ...config.token, ...STILL } };
}

const THEMES = {
  moving: { light: LIGHT, dark: DARK },
  still: { light: withoutMotion(LIGHT), dark: withoutMotion(DARK) },
};

export function useAppearance(): { dark: boolean; still: boolean; choice: Appearance; theme: ThemeConfig } {
  const dark = useSyncExternalStore(subscribe, isDark);
  const choice = useSyncExternalStore(subscribe, chosen);
  const motionless = useSyncExternalStore(subscribe, isStill);
  useEffect(() => {
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    document.body.style.background = dark ? "#141414" : "#f5f5f5";
    document.body.style.margin = "0";
  }, [dark]);
  return {
    dark,
    still: motionless,
    choice,
    theme: THEMES[motionless ? "still" : "moving"][dark ? "dark" : "light"],
  };
}
