import { act, renderHook } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";

/** As Chromium has it: whoever asks a list in the moment between a change and its event is told, and there is no event. */
class List {
  matches_ = false;
  due = false;
  listener: (event: { matches: boolean }) => void = () => undefined;

  get matches(): boolean {
    this.due = false;
    return this.matches_;
  }

  addEventListener(_: "change", listener: (event: { matches: boolean }) => void): void {
    this.listener = listener;
  }

  change(matches: boolean): void {
    this.matches_ = matches;
    this.due = true;
  }

  tell(): void {
    if (this.due) this.listener({ matches: this.matches_ });
    this.due = false;
  }
}

const lists = new Map<string, List>();

beforeEach(() => {
  vi.resetModules();
  lists.clear();
  vi.stubGlobal("matchMedia", (query: string) => {
    const list = new List();
    lists.set(query, list);
    return list;
  });
});

test("all that is shown changes with the system, also if something is drawn in between", async () => {
  const { useAppearance } = await import("./appearance");
  const frame = renderHook(() => useAppearance());
  const part = renderHook(() => useAppearance());
  const system = lists.get("(prefers-color-scheme: dark)");
  system?.change(true);
  part.rerender();
  act(() => system?.tell());
  expect([frame.result.current.dark, part.result.current.dark]).toEqual([true, true]);
  expect(document.documentElement.style.colorScheme).toBe("dark");
});
