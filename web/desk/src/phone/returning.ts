/** Calls that outlive their page: what has to be kept of a call so that the page can take it up again after F5. */

import type { Call } from "./state";

/** A call as it was when the page went. */
export interface Kept {
  call: Pick<Call, "id" | "direction" | "number" | "name" | "contactId" | "offerId" | "consultingFor" | "answeredAt" | "state">;
  /** The SIP dialog, which the PBX keeps while nobody says goodbye. */
  dialog: { callId: string; localTag: string; remoteTag: string };
}

export type Keep = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Dialled to have a call back; the dialplan that ctid prints knows it. */
export const RETURN = "return";

const KEY = "ctid.calls";
/** Without sound from us the PBX ends a call after 30 s; what is older is gone. */
const LONGEST_MS = 30_000;

/** The calls of a page, and whether its microphone was off. */
export interface KeptCalls {
  calls: Kept[];
  muted: boolean;
}

export function keepCalls(storage: Keep, kept: KeptCalls, at: number): void {
  if (kept.calls.length > 0) storage.setItem(KEY, JSON.stringify({ ...kept, at }));
  else storage.removeItem(KEY);
}

/** Take out what was kept: those on hold first, so that the talk is the last to come back and stays in the ear. */
export function takeCalls(storage: Keep, at: number): KeptCalls {
  const found = storage.getItem(KEY);
  storage.removeItem(KEY);
  const kept = found ? (JSON.parse(found) as KeptCalls & { at: number }) : null;
  if (!kept || at - kept.at > LONGEST_MS) return { calls: [], muted: false };
  const rank = ({ call }: Kept) => (call.state === "held" ? 0 : 1);
  return { calls: kept.calls.sort((a, b) => rank(a) - rank(b)), muted: kept.muted };
}

/** The header that asks for the call (RFC 3891): the PBX's tag is the one it calls "to". */
export function replacesHeader({ callId, localTag, remoteTag }: Kept["dialog"]): string {
  return `Replaces: ${callId};to-tag=${remoteTag};from-tag=${localTag}`;
}
