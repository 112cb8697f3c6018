/** Calls over a reload of the page: what it takes to ask the PBX for them again. */

export interface KeptCall {
  /** The dialog at the PBX, as a header of SIP has it (RFC 3891). */
  replaces: string;
  number: string;
  name: string;
  contactId: string | null;
  offerId: string | null;
  answeredAt: number;
  held: boolean;
  muted: boolean;
}

const KEY = "ctid.calls";
/** The PBX ends a call that has brought no sound for 30 s. */
const GOOD_FOR_MS = 28_000;

/** Note them for the page that comes next in this tab. */
export function keepCalls(calls: KeptCall[], now: number, storage: Storage): void {
  if (calls.length > 0) storage.setItem(KEY, JSON.stringify({ at: now, calls }));
}

/** What the page before left, once, unless the PBX has given it up by now. */
export function takeCalls(now: number, storage: Storage): KeptCall[] {
  const kept = storage.getItem(KEY);
  storage.removeItem(KEY);
  if (!kept) return [];
  const { at, calls } = JSON.parse(kept) as { at: number; calls: KeptCall[] };
  return now - at < GOOD_FOR_MS ? calls : [];
}
