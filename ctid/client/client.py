"""One signed-in user of ctid's API: commands, queries and the event stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self

from ctid.client.access import Access, ServiceToken, Session
from ctid.client.messages import JsonObject, Position
from ctid.client.stream import EventStream
from ctid.client.transport import Transport

State = Literal["READY", "NOT_READY", "LOGGED_OUT"]
Mode = Literal["monitor", "whisper", "barge"]
Topic = Literal["own", "queues", "agents", "site"]


class Client:
    """Talks to one ctid for one user; to be used in ``async with``.

    Every command carries an ``Idempotency-Key`` of its own, kept over all tries, so that one whose answer was lost is
    not carried out twice. Access tokens are renewed before they end. What is given back is the JSON that the API's
    description tells of; of a command it is the resource as it is now. All methods raise ``RefusedError`` (its subclass
    tells why) and ``UnreachableError``.
    """

    def __init__(
        self, url: str, access: Access | str, *, agent_id: str = "", tries: int = 4, timeout: float = 10.0
    ) -> None:
        """Make a client; nothing is sent before ``async with``.

        Args:
            url: ``http://host:port``.
            access: A token of ``ctid token``, or where tokens come from; see also ``sign_in``.
            agent_id: The agent that state changes are of; without, the user's own.
            tries: How often a request is tried that could not be delivered or is to be tried again later.
            timeout: Seconds for each try.
        """
        own = ServiceToken(access) if isinstance(access, str) else access
        self._transport = Transport(url, own, tries=tries, timeout=timeout)
        self._agent_id = agent_id
        self._streams: list[EventStream] = []

    @classmethod
    def sign_in(cls, url: str, username: str, password: str, *, tries: int = 4, timeout: float = 10.0) -> Self:
        """A client for somebody who signs in with a password, which ``async with`` does.

        Args:
            url: ``http://host:port``.
            username: As known to ctid.
            password: Theirs; kept to sign in again when the session is over.
            tries: As of the class.
            timeout: As of the class.
        """
        return cls(url, Session(username, password), tries=tries, timeout=timeout)

    async def __aenter__(self) -> Self:
        """Sign in.

        Raises:
            NotSignedInError: User or password are wrong.
            UnreachableError: ctid is not there.
        """
        await self._transport.open()
        try:
            await self._transport.token()
        except BaseException:
            await self._transport.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything; the session stays, see ``sign_out``."""
        for stream in self._streams:
            await stream.stop()
        await self._transport.close()

    async def sign_out(self) -> None:
        """End the session: its tokens count no more, its sockets are closed."""
        await self.request("DELETE", "/v1/sessions/current")

    def events(
        self,
        *,
        subscribe: Iterable[Topic] | None = None,
        takeover: bool = False,
        resume_from: Position | None = None,
        client_id: str | None = None,
    ) -> EventStream:
        """What happens, from a snapshot on, over lost connections and restarts of ctid, each event once.

        Args:
            subscribe: Topics; without, all of the role. With ``own``, this is the agent's desktop: an agent without one
                is offered nothing.
            takeover: Take the place of the agent's desktop elsewhere.
            resume_from: Where another stream got to (its ``position``), instead of a snapshot.
            client_id: Of the stream whose place this one takes, if there is one.
        """
        stream = EventStream(
            self._transport, subscribe=subscribe, takeover=takeover, resume_from=resume_from, client_id=client_id
        )
        self._streams.append(stream)
        return stream

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | int | float] | None = None,
        if_match: int | None = None,
    ) -> JsonObject:
        """Ask for anything that the API has.

        Args:
            method: HTTP method.
            path: As in the description, filled in.
            body: JSON.
            query: Parameters.
            if_match: The ``version`` that must not have changed.
        """
        return await self._transport.request(method, path, body, query=query, if_match=if_match)

    # ---- who and what there is ------------------------------------------------------------------------------------

    async def me(self) -> JsonObject:
        """Who is signed in."""
        return await self.request("GET", "/v1/me")

    async def agent(self, agent_id: str = "") -> JsonObject:
        """An agent; the user's own without an id."""
        return await self.request("GET", f"/v1/agents/{agent_id or await self._own_agent()}")

    async def agents(self, **query: str) -> list[JsonObject]:
        """Agents, by ``state`` or ``team``."""
        return _items(await self.request("GET", "/v1/agents", query=query))

    async def queues(self) -> list[JsonObject]:
        """Queues with their present numbers."""
        return _items(await self.request("GET", "/v1/queues"))

    async def contact(self, contact_id: str) -> JsonObject:
        """One contact, live or from its record."""
        return await self.request("GET", f"/v1/contacts/{contact_id}")

    async def contacts(self, **query: str | int) -> list[JsonObject]:
        """Live contacts, by ``state``, ``queue`` or ``agent_id``, ``limit`` of them."""
        return _items(await self.request("GET", "/v1/contacts", query=query))

    async def records(self, **query: str | int) -> JsonObject:
        """A page of records (``items``, ``next_cursor``), by ``since``, ``until``, ``queue`` and others."""
        return await self.request("GET", "/v1/records", query=query)

    async def explain(self, contact_id: str, language: Literal["en", "zh"] = "en") -> JsonObject:
        """Why a contact waits, or why whoever has it got it."""
        return await self.request("GET", f"/v1/contacts/{contact_id}/routing", query={"language": language})

    # ---- an agent's work ------------------------------------------------------------------------------------------

    async def set_state(
        self, state: State, reason: str | None = None, *, agent_id: str = "", if_match: int | None = None
    ) -> JsonObject:
        """Log in (NOT_READY), go READY or NOT_READY, log out; the agent as it is now."""
        body = {"state": state} | ({"reason": reason} if reason else {})
        path = f"/v1/agents/{agent_id or await self._own_agent()}/state"
        return _part(await self.request("PUT", path, body, if_match=if_match), "agent")

    async def set_phone(
        self,
        *,
        do_not_disturb: bool | None = None,
        forwarded_to: str | None = None,
        agent_id: str = "",
        if_match: int | None = None,
    ) -> JsonObject:
        """Have an agent's phone not rung, or their calls go to a number (``""``: to none); the agent as it is now."""
        body: JsonObject = {} if do_not_disturb is None else {"do_not_disturb": do_not_disturb}
        if forwarded_to is not None:
            body["forwarded_to"] = forwarded_to or None
        path = f"/v1/agents/{agent_id or await self._own_agent()}/phone"
        return _part(await self.request("PATCH", path, body, if_match=if_match), "agent")

    async def accept_offer(self, offer_id: str) -> JsonObject:
        """Take an offer at the desktop."""
        return _part(await self.request("POST", f"/v1/offers/{offer_id}/accept"), "offer")

    async def reject_offer(self, offer_id: str) -> JsonObject:
        """Decline an offer."""
        return _part(await self.request("POST", f"/v1/offers/{offer_id}/reject"), "offer")

    async def deflect_offer(self, offer_id: str, *, queue: str = "", agent: str = "", number: str = "") -> JsonObject:
        """Send on, without answering, what an agent is being offered: to exactly one of them."""
        to = {name: value for name, value in (("queue", queue), ("agent", agent), ("number", number)) if value}
        if len(to) != 1:
            raise ValueError("give one of queue, agent, number")
        return _part(await self.request("POST", f"/v1/offers/{offer_id}/deflect", to), "offer")

    async def waiting(self, agent_id: str = "") -> list[JsonObject]:
        """What an agent may pick up, who waits longest first; the user's own agent without an id."""
        return _items(await self.request("GET", f"/v1/agents/{agent_id or await self._own_agent()}/waiting"))

    async def pick_up(self, contact_id: str, *, agent: str = "", if_match: int | None = None) -> JsonObject:
        """Take a contact that waits, or that others are being offered; for another agent, if the user supervises."""
        body = {"agent": agent} if agent else {}
        path = f"/v1/contacts/{contact_id}/pick-up"
        return _part(await self.request("POST", path, body, if_match=if_match), "contact")

    async def park(self, contact_id: str, *, agent: str = "") -> JsonObject:
        """Leave a caller to a colleague, or to anybody who serves the queue; they ``pick_up``."""
        body = {"agent": agent} if agent else {}
        return _part(await self.request("POST", f"/v1/contacts/{contact_id}/park", body), "contact")

    async def set_attributes(
        self, contact_id: str, attributes: Mapping[str, str | None], *, if_match: int | None = None
    ) -> JsonObject:
        """Merge attached data; ``None`` removes a key."""
        path = f"/v1/contacts/{contact_id}/attributes"
        return _part(await self.request("PATCH", path, dict(attributes), if_match=if_match), "contact")

    async def wrap_up(
        self,
        contact_id: str,
        *,
        disposition: str | None = None,
        notes: str | None = None,
        extend_seconds: int | None = None,
        complete: bool = False,
    ) -> JsonObject:
        """Say what came of a contact; extend or complete its wrap-up."""
        given = {"disposition": disposition, "notes": notes, "extend_seconds": extend_seconds}
        body = {name: value for name, value in given.items() if value is not None} | {"complete": complete}
        return _part(await self.request("PUT", f"/v1/contacts/{contact_id}/wrap-up", body), "contact")

    async def call(
        self,
        number: str,
        *,
        caller_id: str = "",
        queue: str = "",
        attributes: Mapping[str, str] | None = None,
        agent_id: str = "",
    ) -> JsonObject:
        """Call somebody: the agent's phone is rung first and answers by itself; the contact."""
        given = {"caller_id": caller_id, "queue": queue}
        body: JsonObject = {"number": number, "attributes": dict(attributes or {})}
        body |= {name: value for name, value in given.items() if value}
        path = f"/v1/agents/{agent_id or await self._own_agent()}/calls"
        return _part(await self.request("POST", path, body), "contact")

    async def transfer(
        self, contact_id: str, *, queue: str = "", agent: str = "", number: str = "", menu: str = "", flow: str = ""
    ) -> JsonObject:
        """Hand a contact over to a queue, an agent, a number, a menu or a flow: exactly one of them."""
        named = (("queue", queue), ("agent", agent), ("number", number), ("menu", menu), ("flow", flow))
        to = {name: value for name, value in named if value}
        if len(to) != 1:
            raise ValueError("give one of queue, agent, number, menu, flow")
        return _part(await self.request("POST", f"/v1/contacts/{contact_id}/transfer", {"to": to}), "contact")

    async def send_to_menu(self, contact_id: str, menu: str) -> JsonObject:
        """Have the caller go through a menu and come back to their agent."""
        return _part(await self.request("POST", f"/v1/contacts/{contact_id}/menu", {"menu": menu}), "contact")

    async def send_to_flow(self, contact_id: str, flow: str) -> JsonObject:
        """Have the caller go through a flow and come back to their agent."""
        return _part(await self.request("POST", f"/v1/contacts/{contact_id}/menu", {"flow": flow}), "contact")

    async def hold(self, contact_id: str) -> JsonObject:
        """Put the caller on hold, whatever phone the agent has."""
        return _part(await self.request("POST", f"/v1/contacts/{contact_id}/hold"), "contact")

    async def retrieve(self, contact_id: str) -> JsonObject:
        """Have the agent talk again to the caller on hold."""
        return _part(await self.request("POST", f"/v1/contacts/{contact_id}/retrieve"), "contact")

    async def record(self, contact_id: str) -> JsonObject:
        """Record a call from now on, where the policy leaves that to people."""
        return _part(await self.request("POST", f"/v1/contacts/{contact_id}/record"), "contact")

    async def pause_recording(self, contact_id: str) -> JsonObject:
        """Be silent on a call's recording, for what must not be kept."""
        return _part(await self.request("POST", f"/v1/contacts/{contact_id}/pause-recording"), "contact")

    async def resume_recording(self, contact_id: str) -> JsonObject:
        """Record again what is said."""
        return _part(await self.request("POST", f"/v1/contacts/{contact_id}/resume-recording"), "contact")

    async def consult(self, contact_id: str, *, agent: str = "", number: str = "") -> JsonObject:
        """Have ctid call a colleague, or a number, to be asked; then ``complete``, ``confer`` or ``withdraw``."""
        whom = {name: value for name, value in (("agent", agent), ("number", number)) if value}
        if len(whom) != 1:
            raise ValueError("give one of agent, number")
        path = f"/v1/contacts/{contact_id}/consultations"
        return _part(await self.request("POST", path, {**whom, "dial": True}), "consultation")

    async def add_party(self, contact_id: str, *, agent: str = "", number: str = "") -> JsonObject:
        """Call a colleague, or a number, into the talk; ``withdraw`` lets them go again."""
        whom = {name: value for name, value in (("agent", agent), ("number", number)) if value}
        if len(whom) != 1:
            raise ValueError("give one of agent, number")
        return _part(await self.request("POST", f"/v1/contacts/{contact_id}/parties", whom), "consultation")

    async def alternate(self, consultation_id: str) -> JsonObject:
        """Talk to the other of the two: the caller, or who was asked."""
        return _part(await self.request("POST", f"/v1/consultations/{consultation_id}/alternate"), "consultation")

    async def mute_leg(self, contact_id: str, leg_id: str, *, on: bool) -> JsonObject:
        """Keep what one party says from the others, or let them hear it again."""
        path = f"/v1/contacts/{contact_id}/legs/{leg_id}/mute"
        return _part(await self.request("POST", path, {"on": on}), "contact")

    async def clear_leg(self, contact_id: str, leg_id: str) -> JsonObject:
        """End one party's part in a call."""
        return _part(await self.request("DELETE", f"/v1/contacts/{contact_id}/legs/{leg_id}"), "contact")

    async def complete(self, consultation_id: str) -> JsonObject:
        """Connect the caller with who was asked, without the agent."""
        return _part(await self.request("POST", f"/v1/consultations/{consultation_id}/complete"), "consultation")

    async def confer(self, consultation_id: str) -> JsonObject:
        """Have caller, agent and who was asked hear each other."""
        return _part(await self.request("POST", f"/v1/consultations/{consultation_id}/conference"), "consultation")

    async def withdraw(self, consultation_id: str) -> JsonObject:
        """Who was asked is not asked any more; a caller on hold stays there."""
        return _part(await self.request("DELETE", f"/v1/consultations/{consultation_id}"), "consultation")

    # ---- supervision ----------------------------------------------------------------------------------------------

    async def supervisions(self) -> list[JsonObject]:
        """Supervisions that last, of one's agents."""
        return _items(await self.request("GET", "/v1/supervisions"))

    async def supervise(
        self,
        *,
        agent: str = "",
        contact: str = "",
        mode: Mode = "monitor",
        device: str = "",
        number: str = "",
        stays: bool = False,
    ) -> JsonObject:
        """Have a phone ring, to hear an agent's talk.

        Args:
            agent: Whose talk; or give the contact.
            contact: Of which contact, whoever has it.
            mode: Who hears the supervisor: nobody, the agent alone (``whisper``), all (``barge``).
            device: The phone; without, and without a number, that of the agent who the user is.
            number: The phone, as agents' phones would dial it.
            stays: Wait for the next talk once this one is over.
        """
        of = {name: value for name, value in (("agent", agent), ("contact", contact)) if value}
        phone = {name: value for name, value in (("device", device), ("number", number)) if value}
        if len(of) != 1 or len(phone) > 1:
            raise ValueError("give one of agent, contact, and at most one of device, number")
        body: JsonObject = {"of": of, "mode": mode, "stays": stays} | ({"phone": phone} if phone else {})
        return _part(await self.request("POST", "/v1/supervisions", body), "supervision")

    async def set_mode(self, supervision_id: str, mode: Mode, *, if_match: int | None = None) -> JsonObject:
        """Have the supervisor heard by nobody, by the agent alone, or by all."""
        path = f"/v1/supervisions/{supervision_id}"
        return _part(await self.request("PATCH", path, {"mode": mode}, if_match=if_match), "supervision")

    async def take_over(self, supervision_id: str) -> JsonObject:
        """Give the supervisor the caller; the agent wraps up."""
        return _part(await self.request("POST", f"/v1/supervisions/{supervision_id}/take-over"), "supervision")

    async def end_supervision(self, supervision_id: str) -> JsonObject:
        """Let the supervisor's phone go."""
        return _part(await self.request("DELETE", f"/v1/supervisions/{supervision_id}"), "supervision")

    # ---- other people's work --------------------------------------------------------------------------------------

    async def submit_contact(
        self,
        channel: str,
        queue: str,
        *,
        priority: int = 0,
        attributes: Mapping[str, str] | None = None,
        customer: JsonObject | None = None,
    ) -> JsonObject:
        """Have a chat, mail or task enter a queue."""
        body: JsonObject = {"channel": channel, "queue": queue, "priority": priority, "attributes": attributes or {}}
        return _part(
            await self.request("POST", "/v1/contacts", body | ({"customer": customer} if customer else {})), "contact"
        )

    async def withdraw_contact(self, contact_id: str) -> JsonObject:
        """The customer of a submitted contact has left."""
        return _part(await self.request("DELETE", f"/v1/contacts/{contact_id}"), "contact")

    async def route(
        self,
        contact_id: str,
        *,
        priority: int | None = None,
        queue: str | None = None,
        steps: Sequence[JsonObject] | None = None,
    ) -> JsonObject:
        """Change priority, queue or needs of a waiting contact; it keeps its place."""
        given: JsonObject = {"priority": priority, "queue": queue, "steps": steps}
        body = {name: value for name, value in given.items() if value is not None}
        return _part(await self.request("PATCH", f"/v1/contacts/{contact_id}/routing", body), "contact")

    async def flows(self) -> list[JsonObject]:
        """The flows of the IVR, and how many callers are in them now."""
        return _items(await self.request("GET", "/v1/flows"))

    async def flow(self, flow_id: str) -> JsonObject:
        """A flow with its nodes."""
        return await self.request("GET", f"/v1/flows/{flow_id}")

    async def flow_report(
        self, flow_id: str, *, since: datetime | None = None, until: datetime | None = None, interval_minutes: int = 60
    ) -> JsonObject:
        """What became of the callers who entered a flow; without ``since`` from the site's last midnight on."""
        query = {"interval_minutes": str(interval_minutes)}
        query |= {name: at.isoformat() for name, at in (("since", since), ("until", until)) if at is not None}
        return await self.request("GET", f"/v1/flows/{flow_id}/report", query=query)

    async def request_callback(
        self, *, contact_id: str = "", number: str = "", queue: str = "", **more: Any
    ) -> JsonObject:
        """Have a waiting contact called back, or a number when its turn in a queue comes."""
        given = {"contact_id": contact_id, "number": number, "queue": queue}
        body = {name: value for name, value in given.items() if value} | more
        return _part(await self.request("POST", "/v1/callbacks", body), "contact")

    async def _own_agent(self) -> str:
        if not self._agent_id:
            self._agent_id = (await self.me()).get("agent_id") or ""
        if not self._agent_id:
            raise ValueError("the user is no agent: give an agent_id")
        return self._agent_id


def _items(answer: JsonObject) -> list[JsonObject]:
    items: list[JsonObject] = answer["items"]
    return items


def _part(answer: JsonObject, name: str) -> JsonObject:
    part: JsonObject = answer[name]
    return part
