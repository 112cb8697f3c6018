"""Where contacts go next: out of entries, menus, flows and queues."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ctid.spec.base import Name, Seconds, Spec

_EXTENSIONS: Final = (".wav", ".wav49", ".gsm", ".ulaw", ".alaw", ".g722", ".sln", ".sln16", ".mp3")


def _without_extension(sound: str) -> str:
    if sound.endswith(_EXTENSIONS):
        raise ValueError(f"Asterisk adds the extension itself: {sound.rpartition('.')[0]!r}")
    return sound


Prompt = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/_.-]{1,200}$"), AfterValidator(_without_extension)]
"""A sound of the PBX, by its name below its folder of sounds."""

AttributeKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")]
AttributeValue = Annotated[str, StringConstraints(max_length=2000)]
PhoneNumber = Annotated[str, StringConstraints(pattern=r"^\+?[0-9*#]{1,32}$")]
"""Digits as they are dialled; nothing that a dialplan could take for more."""


class VoicemailTarget(Spec):
    """Whom a caller leaves a message for: exactly one of agent and queue.

    Attributes:
        agent: For this agent.
        queue: For whoever serves this queue.
    """

    agent: Name | None = None
    queue: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.agent is None) == (self.queue is None):
            raise ValueError("give exactly one of agent and queue")
        return self


Mailbox = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}(@[A-Za-z0-9_-]{1,32})?$")]


class VoicemailSpec(Spec):
    """How callers leave messages.

    Attributes:
        prompts: What they hear before the beep.
        max_seconds: How long a message may be.
        silence_seconds: After so much silence it ends; 0 for never.
        no_room_prompts: What they hear instead if nothing can be recorded.
        retention_days: Messages are deleted after so many days; without, as ``recordings.retention_days`` says.
    """

    prompts: list[Prompt] = ["vm-intro"]
    max_seconds: Annotated[int, Field(ge=5, le=3_600)] = 180
    silence_seconds: Annotated[int, Field(ge=0, le=60)] = 5
    no_room_prompts: list[Prompt] = Field(default=["vm-mailboxfull"], min_length=1)
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


_ONE: Final = "give exactly one of menu, flow, queue, number, voicemail, callback and hangup: true"


class Destination(Spec):
    """Where a contact goes next: exactly one of flow, queue, number, voicemail, callback and hangup.

    ``menu`` may be written for ``flow``: a menu is a flow of the same name (``ctid.spec.menus``).

    Attributes:
        play: Prompts to play on the way.
        flow: Into this flow.
        queue: Into this queue.
        number: To this number, dialled by the PBX; the contact leaves ctid.
        voicemail: To this mailbox of the PBX, and the contact leaves ctid; or ctid takes a message for somebody.
        callback: The caller may hang up; the contact keeps its place in this queue and is called back.
        hangup: End the call.
        set: Attributes to attach.
        priority: Added to the contact's priority.
    """

    play: list[Prompt] = []
    flow: Name | None = None
    queue: Name | None = None
    number: PhoneNumber | None = None
    voicemail: Mailbox | VoicemailTarget | None = None
    callback: Name | None = None
    hangup: bool = False
    set: dict[AttributeKey, AttributeValue] = {}
    priority: int = 0

    @model_validator(mode="before")
    @classmethod
    def _menu(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "menu" not in data:
            return data
        rest = {key: value for key, value in data.items() if key != "menu"}
        menu, flow = data["menu"], data.get("flow")
        if menu is not None and flow is not None:
            raise ValueError(_ONE)
        return {**rest, "flow": flow if menu is None else menu}

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = (self.flow, self.queue, self.number, self.voicemail, self.callback)
        if sum(each is not None for each in named) + self.hangup != 1:
            raise ValueError(_ONE)
        return self


class OverflowSpec(Spec):
    """One rule by which contacts leave a queue: exactly one of the three limits, and where to.

    Attributes:
        wait_seconds: Once the contact has waited so long in this queue.
        waiting: When, on entering, so many contacts wait here already.
        expected_wait_seconds: Once the expected wait is known and longer than this.
        to: Where the contact goes.
    """

    wait_seconds: Annotated[Seconds, Field(gt=0)] | None = None
    waiting: Annotated[int, Field(ge=1)] | None = None
    expected_wait_seconds: Annotated[Seconds, Field(gt=0)] | None = None
    to: Destination

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.wait_seconds, self.waiting, self.expected_wait_seconds)) != 1:
            raise ValueError("give exactly one of wait_seconds, waiting and expected_wait_seconds")
        return self
