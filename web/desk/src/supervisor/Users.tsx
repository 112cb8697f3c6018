/** Who may sign in, and as what: for administrators. */

import type { components } from "@ctid/client";
import { Button, Form, Input, Modal, Popconfirm, Select, Space, Table, type TableColumnsType, Tag } from "antd";
import { useCallback, useEffect, useState } from "react";

import { useDesk } from "../app/desk";
import { useAct } from "./act";
import { moment } from "./format";
import { useText } from "./parts";
import { chosen } from "./rules";
import { useSite } from "./site";

type User = components["schemas"]["UserView"];
type Role = User["role"];

const ROLES: readonly Role[] = ["agent", "supervisor", "admin", "integration"];

interface Values {
  username: string;
  name?: string;
  role: Role;
  agent_id?: string | null;
  queues?: string[];
  teams?: string[];
  password?: string;
}

function UserDialog({ user, onClose, onDone }: { user: User | null; onClose: () => void; onDone: () => void }) {
  const { t } = useText();
  const { api, live } = useDesk();
  const act = useAct();
  const [form] = Form.useForm<Values>();
  const [busy, setBusy] = useState(false);
  const role = Form.useWatch("role", form);
  const { agents, queues } = live.now();
  const teams = [...new Set([...agents.values()].map(({ team }) => team ?? ""))].filter(Boolean).sort();

  const save = async ({ username, password, ...rest }: Values) => {
    const body = { ...rest, name: rest.name ?? "", agent_id: rest.agent_id ?? null };
    setBusy(true);
    const done = await act(t("users.saved", { name: username }), () =>
      user
        ? api.PATCH("/v1/users/{name}", { params: { path: { name: user.username } }, body: { ...body, ...(password && { password }) } })
        : api.POST("/v1/users", { body: { ...body, username, password: password ?? "" } }),
    );
    setBusy(false);
    if (done) onDone();
  };

  return (
    <Modal open title={user ? user.username : t("users.add")} okText={t("agents.save")} confirmLoading={busy} onCancel={onClose} onOk={() => form.submit()} okButtonProps={{ "data-testid": "user-save" }}>
      <Form form={form} layout="vertical" requiredMark={false} initialValues={user ?? { role: "agent", queues: [], teams: [] }} onFinish={(values) => void save(values)} autoComplete="off">
        <Form.Item name="username" label={t("users.username")} rules={[{ required: true, message: t("users.needed") }]}>
          <Input disabled={user !== null} autoComplete="off" data-testid="user-username" />
        </Form.Item>
        <Form.Item name="name" label={t("users.name")}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="role" label={t("users.role")}>
          <Select options={ROLES.map((value) => ({ value, label: t(`users.roles.${value}`) }))} data-testid="user-role" />
        </Form.Item>
        {role !== "integration" && (
          <Form.Item name="agent_id" label={t("users.agent")} rules={role === "agent" ? [chosen(t("users.needed"))] : []}>
            <Select allowClear showSearch optionFilterProp="label" options={[...agents.values()].map(({ id, name }) => ({ value: id, label: `${name} (${id})` }))} data-testid="user-agent" />
          </Form.Item>
        )}
        {(role === "supervisor" || role === "integration") && (
          <>
            <Form.Item name="queues" label={t("users.queues")}>
              <Select mode="multiple" allowClear placeholder={t("users.all")} options={[...queues.values()].map(({ id, name }) => ({ value: id, label: name }))} />
            </Form.Item>
            <Form.Item name="teams" label={t("users.teams")}>
              <Select mode="multiple" allowClear placeholder={t("users.all")} options={teams.map((value) => ({ value, label: value }))} />
            </Form.Item>
          </>
        )}
        <Form.Item name="password" label={user ? t("users.newPassword") : t("users.password")} rules={user ? [] : [{ required: true, message: t("users.needed") }]}>
          <Input.Password autoComplete="new-password" data-testid="user-password" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

export default function Users() {
  const { t, i18n } = useText();
  const { api, me } = useDesk();
  const { zone } = useSite();
  const act = useAct();
  const [users, setUsers] = useState<User[]>();
  const [editing, setEditing] = useState<User | "new" | null>(null);

  const load = useCallback(() => api.GET("/v1/users").then(({ data }) => data && setUsers(data.items), () => undefined), [api]);
  useEffect(() => void load(), [load]);

  const change = async (user: User, done: string, body: { disabled?: boolean; unlock?: true }) => {
    await act(done, () => api.PATCH("/v1/users/{name}", { params: { path: { name: user.username } }, body }));
    await load();
  };
  const remove = async (user: User) => {
    await act(t("users.removed", { name: user.username }), () => api.DELETE("/v1/users/{name}", { params: { path: { name: user.username } } }));
    await load();
  };

  const columns: TableColumnsType<User> = [
    {
      title: t("users.username"),
      key: "username",
      render: (_, user) => (
        <button type="button" className="sup-link" data-testid={`user-${user.username}`} onClick={() => setEditing(user)}>
          {user.username}
        </button>
      ),
    },
    { title: t("users.name"), dataIndex: "name" },
    { title: t("users.role"), key: "role", render: (_, { role }) => t(`users.roles.${role}`) },
    { title: t("users.agent"), dataIndex: "agent_id" },
    { title: t("users.scope"), key: "scope", render: (_, { queues, teams }) => [...queues, ...teams].join(", ") || t("users.all") },
    { title: t("users.lastSeen"), key: "seen", className: "sup-num", render: (_, { signed_in_at }) => (signed_in_at ? moment(signed_in_at, i18n.language, zone) : "–") },
    {
      title: t("agents.state"),
      key: "state",
      render: (_, { disabled, locked_until }) => (
        <>
          {disabled && <Tag>{t("users.disabled")}</Tag>}
          {locked_until && <Tag color="red">{t("users.locked")}</Tag>}
          {!disabled && !locked_until && t("users.active")}
        </>
      ),
    },
    {
      title: <span className="sup-hidden">{t("agents.actions")}</span>,
      key: "act",
      render: (_, user) => (
        <Space size={4}>
          {user.locked_until && (
            <Button size="small" onClick={() => void change(user, t("users.unlocked", { name: user.username }), { unlock: true })} data-testid={`user-unlock-${user.username}`}>
              {t("users.unlock")}
            </Button>
          )}
          {user.username !== me?.subject && (
            <>
              <Button size="small" onClick={() => void change(user, t("users.saved", { name: user.username }), { disabled: !user.disabled })} data-testid={`user-disable-${user.username}`}>
                {user.disabled ? t("users.enable") : t("users.disable")}
              </Button>
              <Popconfirm title={t("users.removeSure", { name: user.username })} onConfirm={() => void remove(user)}>
                <Button size="small" danger>
                  {t("users.remove")}
                </Button>
              </Popconfirm>
            </>
          )}
        </Space>
      ),
    },
  ];

  return (
    <section className="sup-panel" style={{ minHeight: "100%", overflow: "visible" }} aria-label={t("nav.users")} data-testid="users">
      <header>
        <h2>{t("nav.users")}</h2>
        <span style={{ flex: 1 }} />
        <Button type="primary" onClick={() => setEditing("new")} data-testid="user-add">
          {t("users.add")}
        </Button>
      </header>
      <Table size="small" rowKey="username" loading={!users} columns={columns} dataSource={users ?? []} pagination={false} />
      {editing && (
        <UserDialog
          user={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
          onDone={() => {
            setEditing(null);
            void load();
          }}
        />
      )}
    </section>
  );
}
