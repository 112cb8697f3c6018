"""Services of call control and the states of a call that they are asked in: what ``docs/call-control.md`` tabulates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ctid.engine.shown.allowed_actions import consultation_actions, contact_actions, offer_actions
from ctid.model import commands as cmd
from ctid.model import events as ev
from ctid.model.states import AgentState
from tests.unit.engine.talks import (
    alternated,
    arrives,
    asked,
    called_in,
    conferenced,
    dialled,
    held,
    unbridged,
)
from tests.unit.site import Site


@dataclass(frozen=True)
class Service:
    """One thing that can be asked.

    Attributes:
        csta: Its name in ECMA-269; ours where it has none.
        action: As ``allowed_actions`` names it.
        of: Whose ``allowed_actions``: ``contact``, ``consultation`` or ``offer``.
        path: What is asked at the API.
        request: The engine's request.
        more: Its other fields.
    """

    csta: str
    action: str
    of: str
    path: str
    request: type[ev.Request]
    more: dict[str, Any]


def _contact(csta: str, action: str, path: str, request: type[ev.Request], **more: Any) -> Service:
    return Service(csta, action, "contact", f"POST /v1/contacts/{{id}}/{path}", request, more)


def _consultation(csta: str, action: str, path: str, request: type[ev.Request]) -> Service:
    method = f"POST /v1/consultations/{{id}}/{path}" if path else "DELETE /v1/consultations/{id}"
    return Service(csta, action, "consultation", method, request, {})


def _offer(csta: str, action: str, path: str, request: type[ev.Request], **more: Any) -> Service:
    return Service(csta, action, "offer", f"POST /v1/offers/{{id}}/{path}", request, {"agent_id": "alice", **more})


SERVICES = (
    _offer("Answer Call", "answer_offer", "answer", ev.AnswerRequested),
    _offer("Clear Connection (reject)", "reject_offer", "reject", ev.OfferRejected),
    _offer("Deflect Call", "deflect_offer", "deflect", ev.OfferDeflected, queue="support"),
    _contact("Pickup Call", "pick_up", "pick-up", ev.PickUpRequested, agent_id="bob"),
    _contact("Hold Call", "hold", "hold", ev.HoldRequested),
    _contact("Retrieve Call", "retrieve", "retrieve", ev.RetrieveRequested),
    _contact("Set Microphone Mute", "mute", "mute", ev.MuteRequested, on=True),
    _contact("Single Step Transfer Call", "transfer", "transfer", ev.TransferRequested, queue="support"),
    _contact("Park Call", "park", "park", ev.ParkRequested),
    _contact("(to a menu and back)", "send_to_menu", "menu", ev.DetourRequested, flow="main"),
    _contact("Consultation Call", "consult", "consultations", ev.ConsultationRequested, number="+49301", dial=True),
    _contact("(the phones consult)", "announce_consultation", "consultations", ev.ConsultationRequested, agent="bob"),
    _consultation("Alternate Call", "alternate", "alternate", ev.AlternateRequested),
    _consultation("Transfer Call", "complete", "complete", ev.ConsultationCompleted),
    _consultation("Conference Call", "confer", "conference", ev.ConferenceRequested),
    _consultation("Clear Connection (of who is asked)", "withdraw", "", ev.ConsultationWithdrawn),
    _contact("Single Step Conference Call", "add_party", "parties", ev.PartyRequested, number="+49301"),
    _contact("Clear Connection (of the agent)", "hang_up", "hang-up", ev.HangUpRequested),
)


def _waiting(site: Site) -> None:
    site.call("c1", dnis="101")


def _held_by_phone(site: Site) -> None:
    site.give(ev.LegHeld(pbx="main", unique_id=site.connected()))


def _in_menu(site: Site) -> None:
    leg = site.connected()
    site.request(ev.DetourRequested, contact_id=site.contact().id, flow="main")
    unbridged(site, leg, "c1")
    arrives(site)


def _ringing_in(site: Site) -> None:
    site.connected()
    site.request(ev.PartyRequested, contact_id=site.contact().id, number="+49302")


def _answered(site: Site) -> None:
    dialled(site, number="+49302")
    theirs = next(iter(site.engine.state.consultations.values())).leg_id
    site.give(ev.LegAlerting(pbx="main", unique_id=theirs))


def _closed(site: Site) -> None:
    site.wrapping()
    site.wait(20)


STATES: dict[str, Callable[[Site], object]] = {
    "waits": _waiting,
    "rings": lambda site: site.offered(),
    "talks": lambda site: site.connected(),
    "on hold": held,
    "held by the phone": _held_by_phone,
    "in a menu": _in_menu,
    "asked one rings": _answered,
    "asks": lambda site: asked(site, number="+49302"),
    "asked one waits": lambda site: alternated(site, number="+49302"),
    "called in, rings": _ringing_in,
    "conference": lambda site: conferenced(site, number="+49302"),
    "conference of called in": lambda site: called_in(site, number="+49302"),
    "wraps up": lambda site: site.wrapping(),
    "closed": _closed,
}
"""States of a call, and how it comes there."""


def site_in(state: str) -> Site:
    """A site whose one call is in the state; a colleague is on a break."""
    site = Site()
    site.ask("bob", AgentState.NOT_READY, reason="break")
    STATES[state](site)
    return site


def subject(site: Site, service: Service) -> tuple[dict[str, str], list[str]]:
    """What the request names, and what ``allowed_actions`` of it says now; without one, a name of nothing and none."""
    state = site.engine.state
    match service.of:
        case "contact":
            contact = next(iter(state.contacts.values()), None)
            allowed = contact_actions(state, contact) if contact is not None else []
            return {"contact_id": contact.id if contact is not None else "ct-none"}, allowed
        case "consultation":
            consultation = next(iter(state.consultations.values()), None)
            allowed = consultation_actions(consultation) if consultation is not None else []
            return {"consultation_id": consultation.id if consultation is not None else "co-none"}, allowed
        case _:
            offer = next(iter(state.offers.values()), None)
            allowed = offer_actions(offer) if offer is not None else []
            return {"offer_id": offer.id if offer is not None else "of-none"}, allowed


def ask(site: Site, service: Service) -> cmd.Accept | cmd.Refuse:
    """Ask for it, and give the answer."""
    named, _ = subject(site, service)
    site.request(service.request, **named, **service.more)
    (answer,) = [each for each in site.out if isinstance(each, cmd.Accept | cmd.Refuse)]
    return answer


def table() -> list[str]:
    """Lines of Markdown: services by states, ``●`` where it may be asked."""
    rows = [["CSTA", "at the API", *STATES]]
    for service in SERVICES:
        marks = ("●" if service.action in subject(site_in(state), service)[1] else " " for state in STATES)
        rows.append([service.csta, f"`{service.path}`", *marks])
    return [_row(rows[0]), "|" + "---|" * len(rows[0]), *map(_row, rows[1:])]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
