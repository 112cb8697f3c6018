/** Why each agent was chosen for a contact, as ctid decided it. */

import type { Routing } from "./useRouting";
import { timeOfDay } from "./format";
import { useText } from "./parts";
import { useSite } from "./site";

export function Decisions({ routing }: { routing: Routing | null | undefined }) {
  const { t } = useText();
  const site = useSite();
  if (!routing?.decisions.length) return null;
  return (
    <section className="sup-section" data-testid="decisions">
      <h3>{t("contact.decisions")}</h3>
      <ul style={{ margin: 0, paddingInlineStart: 18 }}>
        {routing.decisions.map((decision) => (
          <li key={decision.offer_id}>
            <span className="sup-num sup-muted">{timeOfDay(decision.at, site.zone)}</span> {decision.text}
          </li>
        ))}
      </ul>
    </section>
  );
}
