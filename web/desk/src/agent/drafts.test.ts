import { ProblemError, UnreachableError } from "@ctid/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Drafts } from "./drafts";

const refusal = (status: number) => new ProblemError({ type: "", title: "", status, code: "x" });

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
});
afterEach(() => vi.useRealTimers());

describe("notes on their way to ctid", () => {
  it("are sent once the agent pauses, and leave the browser once they are taken", async () => {
    const send = vi.fn(() => Promise.resolve());
    const drafts = new Drafts(send, sessionStorage);
    drafts.write("c1", "he");
    await vi.advanceTimersByTimeAsync(300);
    drafts.write("c1", "hello");
    await vi.advanceTimersByTimeAsync(699);
    expect(send).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(send.mock.calls).toEqual([["c1", "hello"]]);
    expect(drafts.note("c1")).toEqual({ text: "hello", state: "saved" });
    expect(sessionStorage).toHaveLength(0);
  });

  it("outlive a reload of the page", async () => {
    new Drafts(() => new Promise(() => undefined), sessionStorage).write("c1", "half a sen");
    const send = vi.fn(() => Promise.resolve());
    const after = new Drafts(send, sessionStorage);
    expect(after.note("c1")).toEqual({ text: "half a sen", state: "unsaved" });
    await vi.advanceTimersByTimeAsync(0);
    expect(send).toHaveBeenCalledWith("c1", "half a sen");
  });

  it("are tried again while ctid cannot be reached", async () => {
    const send = vi.fn<(id: string, text: string) => Promise<void>>().mockRejectedValueOnce(new UnreachableError(null)).mockRejectedValueOnce(refusal(503)).mockResolvedValue();
    const drafts = new Drafts(send, sessionStorage);
    drafts.write("c1", "x");
    await vi.advanceTimersByTimeAsync(700);
    expect(drafts.note("c1")?.state).toBe("unsaved");
    await vi.advanceTimersByTimeAsync(6_000);
    expect(send).toHaveBeenCalledTimes(3);
    expect(drafts.note("c1")?.state).toBe("saved");
  });

  it("stay with the agent when ctid takes none for the contact any more", async () => {
    const drafts = new Drafts(() => Promise.reject(refusal(409)), sessionStorage);
    drafts.write("c1", "too late");
    await vi.advanceTimersByTimeAsync(700);
    expect(drafts.refused()).toEqual([["c1", { text: "too late", state: "refused" }]]);
    expect(sessionStorage.getItem("ctid.notes.c1")).toBe("too late");
    drafts.discard("c1");
    expect(sessionStorage).toHaveLength(0);
  });

  it("do not lose what is written while they are being sent", async () => {
    const taken: (() => void)[] = [];
    const send = vi.fn(() => new Promise<void>((resolve) => taken.push(resolve)));
    const drafts = new Drafts(send, sessionStorage);
    drafts.write("c1", "one");
    await vi.advanceTimersByTimeAsync(700);
    drafts.write("c1", "one two");
    taken[0]!();
    await vi.advanceTimersByTimeAsync(0);
    expect(drafts.note("c1")).toEqual({ text: "one two", state: "unsaved" });
    await vi.advanceTimersByTimeAsync(700);
    taken[1]!();
    await vi.advanceTimersByTimeAsync(0);
    expect(drafts.note("c1")).toEqual({ text: "one two", state: "saved" });
  });

  it("are sent at once before a wrap-up is ended", async () => {
    const send = vi.fn(() => Promise.resolve());
    const drafts = new Drafts(send, sessionStorage);
    drafts.write("c1", "x");
    await drafts.flush("c1");
    expect(send).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(send).toHaveBeenCalledOnce();
  });
});
