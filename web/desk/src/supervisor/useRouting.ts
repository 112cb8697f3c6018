/** Why a contact waits, asked anew while it is looked at. */

import { ProblemError, type components } from "@ctid/client";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { useDesk } from "../app/desk";

export type Routing = components["schemas"]["RoutingView"];

const EVERY_MS = 3_000;

/**
 * @param version Of the contact: with another one the answer is another one, too.
 * @returns `undefined` until it is known, `null` if there is none (any more).
 */
export function useRouting(contactId: string, version: number | null, goesOn: boolean): Routing | null | undefined {
  const { api } = useDesk();
  const { i18n } = useTranslation();
  const language = i18n.language === "zh" ? "zh" : "en";
  const [routing, setRouting] = useState<Routing | null>();

  useEffect(() => setRouting(undefined), [contactId]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const asking = new AbortController();
    const ask = async () => {
      try {
        const { data } = await api.GET("/v1/contacts/{contact_id}/routing", {
          params: { path: { contact_id: contactId }, query: { language } },
          signal: asking.signal,
        });
        if (data) setRouting(data);
      } catch (error) {
        if (asking.signal.aborted) return;
        // Whatever is shown stays while ctid cannot be reached.
        if (error instanceof ProblemError) setRouting(null);
      }
      if (goesOn && !asking.signal.aborted) timer = setTimeout(() => void ask(), EVERY_MS);
    };
    void ask();
    return () => {
      asking.abort();
      clearTimeout(timer);
    };
  }, [api, contactId, language, version, goesOn]);
  return routing;
}
