/** Notes on their way to ctid: kept in the browser until ctid has them, so that neither F5 nor a lost connection loses one. */

import { ProblemError } from "@ctid/client";

/** `refused`: ctid takes none for this contact any more; the text stays here until it is discarded. */
export type NoteState = "saved" | "unsaved" | "saving" | "refused";

export interface Note {
  text: string;
  state: NoteState;
}

export type Send = (contactId: string, text: string) => Promise<void>;
/** What of the browser's storage is used. */
export type Keep = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const PREFIX = "ctid.notes.";
const QUIET_MS = 700;
const AGAIN_MS = 3_000;
/** Not known, gone, closed, or no longer ours. */
const GONE = [403, 404, 409, 422];

export class Drafts {
  private readonly notes = new Map<string, Note>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly watchers = new Set<() => void>();
  private revisionNow = 0;

  constructor(
    private readonly send: Send,
    private readonly keep: Keep,
  ) {
    for (let index = 0; index < keep.length; index += 1) {
      const key = keep.key(index);
      if (!key?.startsWith(PREFIX)) continue;
      const contactId = key.slice(PREFIX.length);
      this.notes.set(contactId, { text: keep.getItem(key) ?? "", state: "unsaved" });
      this.later(contactId, 0);
    }
  }

  readonly revision = (): number => this.revisionNow;

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  /** The draft of a contact; without one, what ctid has counts. */
  note(contactId: string): Note | undefined {
    return this.notes.get(contactId);
  }

  /** Those that ctid no longer takes. */
  refused(): [string, Note][] {
    return [...this.notes].filter(([, note]) => note.state === "refused");
  }

  write(contactId: string, text: string): void {
    this.keep.setItem(PREFIX + contactId, text);
    this.set(contactId, { text, state: "unsaved" });
    this.later(contactId, QUIET_MS);
  }

  discard(contactId: string): void {
    clearTimeout(this.timers.get(contactId));
    this.timers.delete(contactId);
    this.keep.removeItem(PREFIX + contactId);
    this.notes.delete(contactId);
    this.tell();
  }

  /** Send at once what waits; before a wrap-up is ended, and when the connection is back. */
  async flush(contactId?: string): Promise<void> {
    const ids = contactId === undefined ? [...this.notes.keys()] : [contactId];
    await Promise.all(ids.filter((id) => this.notes.get(id)?.state === "unsaved").map((id) => this.save(id)));
  }

  private later(contactId: string, ms: number): void {
    clearTimeout(this.timers.get(contactId));
    this.timers.set(contactId, setTimeout(() => void this.save(contactId), ms));
  }

  private async save(contactId: string): Promise<void> {
    clearTimeout(this.timers.get(contactId));
    const note = this.notes.get(contactId);
    if (!note || note.state !== "unsaved") return;
    this.set(contactId, { ...note, state: "saving" });
    const still = () => this.notes.get(contactId)?.text === note.text;
    try {
      await this.send(contactId, note.text);
      if (!still()) return;
      this.keep.removeItem(PREFIX + contactId);
      this.set(contactId, { ...note, state: "saved" });
    } catch (error) {
      if (!still()) return;
      if (error instanceof ProblemError && GONE.includes(error.status)) {
        this.set(contactId, { ...note, state: "refused" });
      } else {
        this.set(contactId, { ...note, state: "unsaved" });
        this.later(contactId, AGAIN_MS);
      }
    }
  }

  private set(contactId: string, note: Note): void {
    this.notes.set(contactId, note);
    this.tell();
  }

  private tell(): void {
    this.revisionNow += 1;
    this.watchers.forEach((watch) => watch());
  }
}
