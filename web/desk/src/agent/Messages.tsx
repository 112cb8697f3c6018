/** What supervisors write: shown at once, and kept for the day in this tab. */

import { App } from "antd";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { useAgentDesk } from "./context";
import { at } from "./time";

export interface Message {
  id: string;
  from: string;
  text: string;
  at: string;
}

const KEY = "ctid.messages";
const KEPT = 50;

export function useMessages(seen: boolean): { messages: Message[]; unread: number; read: () => void } {
  const { t } = useTranslation();
  const { notification } = App.useApp();
  const { desk } = useAgentDesk();
  const [messages, setMessages] = useState<Message[]>(() => JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as Message[]);
  const [unread, setUnread] = useState(0);
  const looking = useRef(seen);
  looking.current = seen;
  useEffect(
    () =>
      desk.live.hear((event) => {
        if (event.type !== "message.sent") return;
        const { message } = event.data as unknown as { message: Message };
        setMessages((before) => {
          const kept = [message, ...before.filter(({ id }) => id !== message.id)].slice(0, KEPT);
          sessionStorage.setItem(KEY, JSON.stringify(kept));
          return kept;
        });
        if (!looking.current) setUnread((count) => count + 1);
        notification.info({
          key: message.id,
          message: t("agent.message.from", { from: message.from }),
          description: <span data-testid="message">{message.text}</span>,
          duration: 0,
          placement: "bottomRight",
          role: "alert",
        });
      }),
    [desk.live, notification, t],
  );
  return { messages, unread, read: useCallback(() => setUnread(0), []) };
}

export function Messages({ messages }: { messages: Message[] }) {
  const { t, i18n } = useTranslation();
  if (messages.length === 0) return <p className="agent-hint">{t("agent.message.none")}</p>;
  return (
    <ul className="agent-list" data-testid="messages">
      {messages.map((message) => (
        <li key={message.id}>
          <span>{message.text}</span>
          <small>
            {message.from} · {at(message.at, i18n.language)}
          </small>
        </li>
      ))}
    </ul>
  );
}
