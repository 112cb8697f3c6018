/** What the agent's screen shows of a contact, from wherever it is known: the offer's pop first, then the contact. Pure. */

import type { Agent, Consulted, Contact, LiveState, Offer } from "../live/store";
import type { Case, Link, Recent } from "./deskData";
import type { Consultation } from "./callControl";

export interface Pop {
  contactId: string;
  channel: string;
  /** Null where the contact itself is not ours yet: it is only offered, or a colleague's. */
  contact: Contact | null;
  ani: string | null;
  dnis: string;
  queue: string | null;
  customer: Contact["customer"];
  cases: Case[];
  attributes: Record<string, string>;
  path: { menu: string; key: string | null }[];
  waitMs: number;
  callback: Contact["callback"];
  /** That it was given on, and by whom it was not taken. */
  returned: ScreenPop["returned"];
  script: string | null;
  links: Link[];
  recent: Recent[];
}

type ScreenPop = NonNullable<Offer["pop"]>;

export function popOf(contactId: string, contact: Contact | undefined, offered: ScreenPop | null | undefined): Pop | null {
  const known = contact ?? offered;
  if (!known) return null;
  return {
    contactId,
    channel: contact?.channel ?? "voice",
    contact: contact ?? null,
    ani: known.ani,
    dnis: known.dnis,
    queue: known.queue,
    customer: known.customer,
    cases: known.customer?.cases ?? [],
    attributes: known.attributes,
    path: menusOf(contact ? stepsOf(contact) : (offered?.menu_path ?? [])),
    waitMs: known.wait_ms,
    callback: known.callback ?? null,
    returned: offered?.returned ?? null,
    script: known.script ?? null,
    links: known.links ?? [],
    recent: known.recent ?? [],
  };
}

type Step = { menu?: string | null; key?: string | null };

/** Every menu that was heard, with the key that was pressed in it; a further key has a line of its own. */
function menusOf(steps: Step[]): Pop["path"] {
  const menus: Pop["path"] = [];
  for (const { menu, key } of steps) {
    const last = menus.at(-1);
    if (menu) menus.push({ menu, key: key ?? null });
    else if (key && last?.key === null) last.key = key;
    else if (key) menus.push({ menu: last?.menu ?? "", key });
  }
  return menus;
}

function stepsOf({ path }: Contact): Step[] {
  // Of a flow's nodes only those are menus in which a key was waited for.
  let node: string | null = null;
  return path.flatMap<Step>(({ kind, name, result, title }) => {
    if (kind === "node") node = title || name;
    // Keys that are pressed while they wait are of no menu.
    if (kind === "left") node = null;
    if (kind !== "key") return [];
    // Without a key the menu ran out, and the result says so.
    const pressed: Step[] = [...(node ? [{ menu: node }] : []), { key: name || result }];
    node = null;
    return pressed;
  });
}

/** Something that wants the agent's eye. */
export interface Work {
  kind: "offer" | "call" | "task" | "consultation";
  contactId: string;
  offer: Offer | null;
  consultation: Consultation | null;
  pop: Pop | null;
}

/** All there is at hand, most urgent first. */
export function workOf(agent: Agent, live: LiveState, consulted: Consulted | null): Work[] {
  const work = new Map<string, Work>();
  const put = (kind: Work["kind"], contactId: string, offer: Offer | null) => {
    if (work.has(contactId)) return;
    work.set(contactId, { kind, contactId, offer, consultation: null, pop: popOf(contactId, live.contacts.get(contactId), offer?.pop) });
  };
  const offers = [...live.offers.values()].filter(({ agent_id }) => agent_id === agent.id);
  // One that was given on and came back was offered to the agent before: the last counts.
  const accepted = (contactId: string) => offers.filter(({ contact_id }) => contact_id === contactId).at(-1) ?? null;
  offers.filter(({ state }) => state === "pending").forEach((offer) => put("offer", offer.contact_id, offer));
  if (agent.contact_id) {
    put("call", agent.contact_id, accepted(agent.contact_id));
  }
  if (consulted && consulted.consultation.to_agent === agent.id) {
    const { consultation, pop } = consulted;
    const id = consultation.contact_id;
    if (!work.has(id)) {
      work.set(id, { kind: "consultation", contactId: id, offer: null, consultation, pop: popOf(id, live.contacts.get(id), pop) });
    }
  }
  agent.tasks.forEach(({ contact_id }) => put("task", contact_id, accepted(contact_id)));
  return [...work.values()];
}

/** What to show: the agent's choice while it lasts, but what newly comes goes first. */
export function shown(work: Work[], chosen: string | null): Work | null {
  return work.find(({ contactId }) => contactId === chosen) ?? work[0] ?? null;
}

/** Who it is, in one line. */
export function caller(pop: Pop | null, withheld: string, readable: (number: string) => string): string {
  if (!pop) return "";
  return pop.customer?.name || (pop.ani ? readable(pop.ani) : withheld);
}
