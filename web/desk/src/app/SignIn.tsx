/** The sign-in form; where the site has single sign-on, that comes first. */

import { ProblemError } from "@ctid/client";
import { Alert, Button, Card, Divider, Form, Input, Typography } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { useDesk } from "./desk";
import { LanguageChoice } from "./LanguageChoice";

interface Ways {
  password: boolean;
  oidc: { name: string; url: string } | null;
}

/** Reasons for which the way back from the provider ends here (docs/sign-in.md) that have words of their own. */
const oidcFaults: Record<string, string> = {
  "oidc-no-role": "oidcNoRole",
  "oidc-no-agent": "oidcNoRole",
  "oidc-no-scope": "oidcNoRole",
  "oidc-unreachable": "oidcUnreachable",
};

export function SignIn() {
  const { t } = useTranslation();
  const desk = useDesk();
  const [ways, setWays] = useState<Ways>({ password: true, oidc: null });
  const [fault, setFault] = useState<string | null>(() => {
    const reason = new URLSearchParams(location.search).get("sign-in-error");
    return reason && t(reason in oidcFaults ? `signIn.${oidcFaults[reason]}` : "signIn.oidc", { reason });
  });
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    fetch("/v1/sign-in").then(
      async (response) => response.ok && setWays((await response.json()) as Ways),
      () => undefined,
    );
  }, []);

  const submit = async ({ username, password }: { username: string; password: string }) => {
    setBusy(true);
    setFault(null);
    try {
      await desk.signIn(username, password);
    } catch (error) {
      setFault(faultText(error));
      setBusy(false);
    }
  };

  const faultText = (error: unknown): string => {
    if (!(error instanceof ProblemError)) return t("signIn.unreachable");
    if (error.code === "sign-in-locked") {
      const at = error.problem.retry_at ? new Date(error.problem.retry_at).toLocaleTimeString() : "";
      return t("signIn.locked", { at });
    }
    return error.code === "sign-in-failed" ? t("signIn.failed") : error.message;
  };

  return (
    <main style={{ display: "grid", placeItems: "center", minHeight: "100vh", padding: 16 }}>
      <Card style={{ width: 380, maxWidth: "100%" }}>
        <Typography.Title level={1} style={{ fontSize: 24, marginTop: 0 }}>
          {t("signIn.title")}
        </Typography.Title>
        {fault && <Alert type="error" showIcon message={fault} style={{ marginBottom: 16 }} data-testid="sign-in-fault" />}
        {ways.oidc && (
          <Button type="primary" block size="large" href={ways.oidc.url}>
            {t("signIn.with", { name: ways.oidc.name })}
          </Button>
        )}
        {ways.oidc && ways.password && <Divider plain>{t("signIn.or")}</Divider>}
        {ways.password && (
          <Form layout="vertical" onFinish={submit} requiredMark={false}>
            <Form.Item name="username" label={t("signIn.user")} rules={[{ required: true, message: t("signIn.needed") }]}>
              <Input autoFocus autoComplete="username" size="large" data-testid="sign-in-user" />
            </Form.Item>
            <Form.Item name="password" label={t("signIn.password")} rules={[{ required: true, message: t("signIn.needed") }]}>
              <Input.Password autoComplete="current-password" size="large" data-testid="sign-in-password" />
            </Form.Item>
            <Button type="primary" htmlType="submit" block size="large" loading={busy} data-testid="sign-in-submit">
              {t("signIn.submit")}
            </Button>
          </Form>
        )}
        <div style={{ marginTop: 16, textAlign: "right" }}>
          <LanguageChoice />
        </div>
      </Card>
    </main>
  );
}
