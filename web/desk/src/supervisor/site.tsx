/** What the pages must know of the site beside what is live: its zone, and what people read for codes. */

import { type ReactNode, createContext, useContext, useEffect, useState } from "react";

import { useDesk } from "../app/desk";

export interface Site {
  name: string;
  zone: string;
  /** Reason codes that people may give, with their labels. */
  reasons: readonly { code: string; label: string }[];
  reasonLabel(code: string): string;
  dispositionLabel(code: string): string;
}

const UNKNOWN: Site = {
  name: "",
  zone: "",
  reasons: [],
  reasonLabel: (code) => code,
  dispositionLabel: (code) => code,
};
const SiteContext = createContext<Site>(UNKNOWN);

export function useSite(): Site {
  return useContext(SiteContext);
}

export function SiteProvider({ children }: { children: ReactNode }) {
  const { api, stream } = useDesk();
  const [site, setSite] = useState<Site>(UNKNOWN);
  // Asked anew whenever the connection comes back: the configuration may be another one by then.
  const live = stream.state === "live";
  useEffect(() => {
    if (!live) return;
    let gone = false;
    Promise.all([api.GET("/v1/site"), api.GET("/v1/reason-codes"), api.GET("/v1/wrapup-codes")]).then(
      ([about, reasons, dispositions]) => {
        if (gone || !about.data) return;
        const labels = new Map(reasons.data?.items.map(({ code, label }) => [code, label]));
        const results = new Map(dispositions.data?.items.map(({ code, label }) => [code, label]));
        setSite({
          name: about.data.site,
          zone: about.data.timezone,
          reasons: (reasons.data?.items ?? []).filter(({ system }) => !system),
          reasonLabel: (code) => labels.get(code) ?? code,
          dispositionLabel: (code) => results.get(code) ?? code,
        });
      },
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [api, live]);
  return <SiteContext.Provider value={site}>{children}</SiteContext.Provider>;
}
