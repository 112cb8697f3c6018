/** What stays while the supervisor goes from one page to another: where one is, alarms, connection, language, colours. */

import { ApiOutlined, DesktopOutlined, DisconnectOutlined, LogoutOutlined, UserOutlined } from "@ant-design/icons";
import { Alert, Button, ConfigProvider, Dropdown, Menu, Segmented, Tooltip } from "antd";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router-dom";

import { type Appearance, choose, useAppearance } from "../app/appearance";
import { useDesk } from "../app/desk";
import { LanguageChoice } from "../app/LanguageChoice";
import { useSelected } from "../live/store";
import { Alarms } from "./Alarms";
import { useText } from "./parts";
import { useSite } from "./site";
import "./supervisor.css";

/** More rows at a glance than Ant Design's small tables have. */
const DENSE = { components: { Table: { cellPaddingBlockSM: 4, cellPaddingInlineSM: 8 } } };

function Connection() {
  const { t } = useText();
  const { stream } = useDesk();
  const fine = stream.state === "live";
  return (
    <Tooltip title={stream.reason}>
      <span className="sup-state" role="status" data-testid="connection" data-state={stream.state} style={{ color: fine ? "var(--sup-ready)" : "var(--sup-not-ready)" }}>
        {fine ? <ApiOutlined aria-hidden /> : <DisconnectOutlined aria-hidden />}
        {t(`connection.${stream.state}`)}
      </span>
    </Tooltip>
  );
}

function Banners() {
  const { t } = useText();
  const desk = useDesk();
  const { stream, live } = desk;
  const pbxes = useSelected(live, (state) => state.pbxes);
  const down = [...pbxes].filter(([, up]) => !up).map(([name]) => name);
  return (
    <>
      {stream.state === "connecting" && <Alert banner className="sup-banner" type="error" showIcon message={t("connection.lost")} data-testid="connection-lost" />}
      {stream.state === "elsewhere" && (
        <Alert
          banner
          className="sup-banner"
          type="warning"
          showIcon
          message={t("connection.elsewhereText")}
          action={
            <Button size="small" onClick={() => desk.takeOver()}>
              {t("connection.takeOver")}
            </Button>
          }
        />
      )}
      {down.length > 0 && <Alert banner className="sup-banner" type="error" showIcon message={t("connection.pbxDown", { names: down.join(", ") })} data-testid="pbx-down" />}
    </>
  );
}

export function Frame({ children }: { children: ReactNode }) {
  const { t } = useText();
  const { i18n } = useTranslation();
  const desk = useDesk();
  const { me } = desk;
  const { choice } = useAppearance();
  const site = useSite();
  const { pathname } = useLocation();
  const page = pathname.split("/")[2] || "live";

  const pages = useMemo(
    () => ["live", "trends", "records", "flows", "staffing", ...(me?.role === "admin" ? ["users", "audit"] : [])],
    [me],
  );

  return (
    <ConfigProvider theme={DENSE}>
    <div className="sup" data-testid="supervisor">
      <header className="sup-head">
        <h1 className="sup-brand">
          ctid <span className="sup-muted">{site.name}</span>
        </h1>
        <nav aria-label={t("nav.label")}>
          <Menu
            mode="horizontal"
            selectedKeys={[page]}
            items={pages.map((key) => ({
              key,
              label: (
                <Link to={key === "live" ? "/supervisor" : `/supervisor/${key}`} data-testid={`nav-${key}`}>
                  {t(`nav.${key}`)}
                </Link>
              ),
            }))}
          />
        </nav>
        <Connection />
        <Alarms />
        <Tooltip title={t("nav.wallboard")}>
          <Button type="text" icon={<DesktopOutlined />} href="/wallboard" target="_blank" rel="noopener" aria-label={t("nav.wallboard")} data-testid="open-wallboard" />
        </Tooltip>
        <Dropdown
          trigger={["click"]}
          popupRender={() => (
            <div className="sup-panel" style={{ padding: 12, gap: 12, boxShadow: "0 6px 16px rgba(0,0,0,.2)" }}>
              <strong>{me?.name || me?.subject}</strong>
              <LanguageChoice key={i18n.language} />
              <Segmented<Appearance>
                size="small"
                aria-label={t("nav.appearance")}
                value={choice}
                options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(`appearance.${value}`) }))}
                onChange={choose}
              />
              {me?.agent_id && (
                // Loaded anew: only then this tab becomes the agent's desktop.
                <a href="/agent" data-testid="to-agent-page">
                  {t("nav.agentPage")}
                </a>
              )}
              <Button size="small" icon={<LogoutOutlined />} onClick={() => void desk.signOut()} data-testid="sign-out">
                {t("nav.signOut")}
              </Button>
            </div>
          )}
        >
          <Button type="text" icon={<UserOutlined />} data-testid="user-menu" aria-haspopup="dialog">
            {me?.name || me?.subject}
          </Button>
        </Dropdown>
      </header>
      <Banners />
      <main className="sup-body">{children}</main>
    </div>
    </ConfigProvider>
  );
}
