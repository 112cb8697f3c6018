/** The supervisor's page: what is going on now, how the day went, what was, and who may do what. */

import { Spin } from "antd";
import { Suspense, lazy } from "react";
import { Navigate, Route, Routes } from "react-router-dom";

import { useDesk } from "../app/desk";
import { AgentDrawer } from "./AgentDrawer";
import { AgentPanel } from "./AgentPanel";
import { Frame } from "./Frame";
import { ContactDrawer, QueueDrawer } from "./QueueDrawer";
import { QueuePanel } from "./QueuePanel";
import { SiteProvider } from "./site";
import { SummaryBar } from "./SummaryBar";

const Trends = lazy(() => import("./Trends"));
const Records = lazy(() => import("./Records"));
const Flows = lazy(() => import("./Flows"));
const Staffing = lazy(() => import("./Staffing"));
const Users = lazy(() => import("./Users"));
const Audit = lazy(() => import("./Audit"));

function Live() {
  return (
    <div className="sup-live">
      <SummaryBar />
      <QueuePanel />
      <AgentPanel />
    </div>
  );
}

export default function SupervisorPage() {
  const { me } = useDesk();
  return (
    <SiteProvider>
      <Frame>
        <Suspense fallback={<Spin />}>
          <Routes>
            <Route index element={<Live />} />
            <Route path="trends" element={<Trends />} />
            <Route path="records" element={<Records />} />
            <Route path="flows" element={<Flows />} />
            <Route path="staffing" element={<Staffing />} />
            {me?.role === "admin" && <Route path="users" element={<Users />} />}
            {me?.role === "admin" && <Route path="audit" element={<Audit />} />}
            <Route path="*" element={<Navigate to="/supervisor" replace />} />
          </Routes>
        </Suspense>
        <QueueDrawer />
        <ContactDrawer />
        <AgentDrawer />
      </Frame>
    </SiteProvider>
  );
}
