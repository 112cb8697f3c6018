/** The signed-in desk: session, API and live state, for every component below. */

import {
  type Api,
  EventStream,
  type Me,
  type Role,
  Session,
  type StreamListener,
  type StreamState,
  type Subscription,
  connectApi,
} from "@ctid/client";
import { type ReactNode, createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";

import { LiveStore } from "../live/store";

export interface Desk {
  /** `undefined` while it is being found out, `null` if nobody is signed in. */
  me: Me | null | undefined;
  api: Api;
  live: LiveStore;
  stream: { state: StreamState; reason: string };
  /** Take the agent over from another desktop. */
  takeOver: () => void;
  signIn: (username: string, password: string) => Promise<void>;
  signOut: () => Promise<void>;
}

const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("useDesk needs a DeskProvider");
  return desk;
}

const TAB = "ctid.tab";
const TRY_AGAIN_MS = 2_000;

/** Names this tab; the browser keeps it over a reload and does not share it with other tabs. */
function tabId(): string {
  const known = sessionStorage.getItem(TAB);
  if (known) return known;
  const minted = crypto.randomUUID();
  sessionStorage.setItem(TAB, minted);
  return minted;
}

/**
 * What this page is told. Only the agent's page is an agent's desktop: a supervisor who is an agent as well has the
 * supervisor's page and a wallboard open beside it, and neither must take the agent over.
 */
function subscription(role: Role): Subscription[] | undefined {
  return role === "agent" || window.location.pathname.startsWith("/agent") ? undefined : ["queues", "agents", "site"];
}

export function DeskProvider({ children }: { children: ReactNode }) {
  const [me, setMe] = useState<Me | null | undefined>(undefined);
  const [stream, setStream] = useState<Desk["stream"]>({ state: "connecting", reason: "" });
  const parts = useMemo(() => {
    const session = new Session();
    const live = new LiveStore();
    const listener: StreamListener = {
      onSnapshot: (snapshot) => live.replace(snapshot),
      onEvent: (event) => live.apply(event),
      onState: (state, reason) => {
        setStream({ state, reason });
        if (state === "ended" && reason === "signed out") setMe(null);
      },
      onRenamed: (id) => sessionStorage.setItem(TAB, id),
    };
    return { session, live, listener, api: connectApi(session) };
  }, []);

  useEffect(() => {
    let gone = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    const resume = () =>
      parts.session.resume().then(
        (found) => gone || setMe(found),
        // Who reloads the page while ctid restarts is still signed in.
        () => {
          if (!gone) again = setTimeout(() => void resume(), TRY_AGAIN_MS);
        },
      );
    void resume();
    const unhear = parts.session.onEnded(() => setMe(null));
    return () => {
      gone = true;
      clearTimeout(again);
      unhear();
    };
  }, [parts]);

  const role = me?.role;
  const events = useMemo(
    () => (role ? new EventStream(parts.session, parts.listener, tabId(), subscription(role)) : null),
    [parts, role],
  );
  useEffect(() => {
    if (!events) return;
    events.start();
    const wake = () => events.wake();
    window.addEventListener("online", wake);
    document.addEventListener("visibilitychange", wake);
    return () => {
      window.removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wake);
      events.stop();
    };
  }, [events]);

  const signIn = useCallback(
    async (username: string, password: string) => setMe(await parts.session.signIn(username, password)),
    [parts],
  );
  const signOut = useCallback(async () => {
    await parts.session.signOut().catch(() => undefined);
    setMe(null);
  }, [parts]);
  const takeOver = useCallback(() => events?.start(true), [events]);

  const desk = useMemo<Desk>(
    () => ({ me, api: parts.api, live: parts.live, stream, signIn, signOut, takeOver }),
    [me, parts, stream, signIn, signOut, takeOver],
  );
  return <DeskContext.Provider value={desk}>{children}</DeskContext.Provider>;
}
