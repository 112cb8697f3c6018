/** What is coming in right now, put together from ctid's offer and the phone's ringing. Pure. */

import type { PhoneState } from "../phone/state";
import type { Offer } from "../live/store";
import type { Pop, Work } from "./pop";

export interface Incoming {
  id: string;
  offer: Offer | null;
  pop: Pop | null;
  /** The call that rings in the page's phone; null before the INVITE, and with hardware phones. */
  callId: string | null;
  number: string;
  /** The offer is taken by a button, not by the phone. */
  needsAccept: boolean;
  /** The phone rings by ctid, which can have it answer. */
  answerable: boolean;
}

export function incomingOf(work: Work[], phone: PhoneState): Incoming | null {
  const pending = work.find(({ kind, offer }) => kind === "offer" && offer !== null);
  const ringing =
    phone.calls.find(({ state, offerId }) => state === "ringing" && offerId === pending?.offer?.id && pending) ??
    phone.calls.find(({ state }) => state === "ringing");
  if (pending?.offer) {
    const ours = ringing && (ringing.offerId === null || ringing.offerId === pending.offer.id) ? ringing : undefined;
    return {
      id: pending.offer.id,
      offer: pending.offer,
      pop: pending.pop,
      callId: ours?.id ?? null,
      number: ours?.number ?? pending.pop?.ani ?? "",
      needsAccept: pending.offer.allowed_actions.includes("accept_offer"),
      answerable: pending.offer.allowed_actions.includes("answer_offer"),
    };
  }
  if (!ringing) return null;
  const known = work.find(({ contactId }) => contactId === ringing.contactId);
  return {
    id: ringing.id, offer: null, pop: known?.pop ?? null, callId: ringing.id, number: ringing.number,
    needsAccept: false, answerable: false,
  };
}
