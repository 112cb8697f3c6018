"""What is asked of others in a talk: to consult them, to have them in, to go between them and the caller."""

from __future__ import annotations

from ctid.model.events.request import Request


class ConsultationRequested(Request, frozen=True, kw_only=True, tag="request.consultation"):
    """The agent who serves the contact wants to ask somebody about it.

    Attributes:
        agent: A colleague.
        number: Somebody else, as a phone would dial them.
        dial: Whether ctid carries it out: puts the caller on hold and calls; else the agent's phone will.
    """

    contact_id: str
    agent: str = ""
    number: str = ""
    dial: bool = False


class ConsultationCompleted(Request, frozen=True, kw_only=True, tag="request.consultation_complete"):
    """Connect the caller with who was asked; the agent is out."""

    consultation_id: str


class ConferenceRequested(Request, frozen=True, kw_only=True, tag="request.conference"):
    """Have caller, agent and who was asked hear each other."""

    consultation_id: str


class AlternateRequested(Request, frozen=True, kw_only=True, tag="request.alternate"):
    """Have the agent talk to the other of the two whom they have: the caller, or who was asked."""

    consultation_id: str


class ConsultationWithdrawn(Request, frozen=True, kw_only=True, tag="request.consultation_withdraw"):
    """The colleague is not to be asked any more."""

    consultation_id: str


class PartyRequested(Request, frozen=True, kw_only=True, tag="request.party"):
    """Call somebody into the talk of caller and agent, or into their conference.

    Attributes:
        agent: A colleague.
        number: Somebody else, as a phone would dial them.
    """

    contact_id: str
    agent: str = ""
    number: str = ""
