/** The frame of all pages: who is signed in, which page that person gets, language and colours. */

import { App as AntApp, ConfigProvider, Spin } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { Suspense, lazy } from "react";
import { useTranslation } from "react-i18next";
import { BrowserRouter, Navigate, Route, Routes } from "react-router-dom";

import { DeskProvider, useDesk } from "./desk";
import { SignIn } from "./SignIn";
import { useAppearance } from "./appearance";

const AgentPage = lazy(() => import("../agent/AgentPage"));
const SupervisorPage = lazy(() => import("../supervisor/SupervisorPage"));
const Wallboard = lazy(() => import("../supervisor/Wallboard"));

export function App() {
  const { i18n } = useTranslation();
  const appearance = useAppearance();
  return (
    <ConfigProvider
      locale={i18n.language === "zh" ? zhCN : enUS}
      theme={appearance.theme}
      wave={{ disabled: appearance.still }}
    >
      <AntApp>
        <DeskProvider>
          <BrowserRouter>
            <Suspense fallback={<Spin fullscreen />}>
              <Pages />
            </Suspense>
          </BrowserRouter>
        </DeskProvider>
      </AntApp>
    </ConfigProvider>
  );
}

function Pages() {
  const desk = useDesk();
  if (desk.me === undefined) return <Spin fullscreen />;
  if (desk.me === null) return <SignIn />;
  const home = desk.me.role === "agent" ? "/agent" : "/supervisor";
  return (
    <Routes>
      {desk.me.agent_id && <Route path="/agent" element={<AgentPage />} />}
      {desk.me.role !== "agent" && <Route path="/supervisor/*" element={<SupervisorPage />} />}
      {desk.me.role !== "agent" && <Route path="/wallboard" element={<Wallboard />} />}
      <Route path="*" element={<Navigate to={home} replace />} />
    </Routes>
  );
}
