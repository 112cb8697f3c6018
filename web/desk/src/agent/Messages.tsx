/** What supervisors write: shown at once, and kept for the day in this tab. */

import { MailOutlined } from "@ant-design/icons";
import { App, Badge, Button, Popover } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { useAgentDesk } from "./context";
import { at } from "./time";

interface Message {
  id: string;
  from: string;
  text: string;
  at: string;
}

const KEY = "ctid.messages";
const KEPT = 50;

export function Messages() {
  const { t } = useTranslation();
  const { messages, unread, read } = useMessages();
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      title={t("agent.tabs.messages")}
      content={<List messages={messages} />}
      onOpenChange={read}
    >
      <Badge count={unread} size="small" offset={[-6, 6]}>
        <Button
          type="text"
          icon={<MailOutlined />}
          aria-label={unread > 0 ? `${t("agent.tabs.messages")}: ${unread}` : t("agent.tabs.messages")}
          data-testid="messages-button"
        />
      </Badge>
    </Popover>
  );
}

function useMessages(): { messages: Message[]; unread: number; read: () => void } {
  const { t } = useTranslation();
  const { notification } = App.useApp();
  const { desk } = useAgentDesk();
  const [messages, setMessages] = useState<Message[]>(() => JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as Message[]);
  const [unread, setUnread] = useState(0);
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
        setUnread((count) => count + 1);
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
  return { messages, unread, read: () => setUnread(0) };
}

function List({ messages }: { messages: Message[] }) {
  const { t, i18n } = useTranslation();
  if (messages.length === 0) return <p className="agent-hint">{t("agent.message.none")}</p>;
  return (
    <ul className="agent-list agent-messages" data-testid="messages">
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
