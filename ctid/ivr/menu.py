"""One menu as a state machine: prompts played, then a key, a time-out or an invalid key."""

from __future__ import annotations

from dataclasses import dataclass

from ctid.model.events import CollectEnd
from ctid.spec.site import MenuSpec


@dataclass(frozen=True, slots=True)
class Leave:
    """The menu is done; the contact goes to a destination of it.

    Attributes:
        place: Part of the destination's place below the menu: ``keys/1`` or ``otherwise``.
    """

    place: str


@dataclass(frozen=True, slots=True)
class PlayAgain:
    """Another try.

    Attributes:
        prompts: What to play, the apology first.
    """

    prompts: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one collected answer means.

    Attributes:
        result: For the path: ``valid``, ``invalid`` or ``timeout``.
        then: What follows.
    """

    result: str
    then: Leave | PlayAgain


def judge(menu: MenuSpec, tries: int, digits: str, ended_by: CollectEnd) -> Verdict:
    """Decide what follows an answer.

    Args:
        menu: The menu.
        tries: How often it was played, this time included.
        digits: What was pressed.
        ended_by: How the collection ended; a menu that could not be played counts as a time-out, so that a missing
            prompt leads callers on instead of leaving them in silence.
    """
    if ended_by is CollectEnd.DIGITS and digits in menu.keys:
        return Verdict("valid", Leave(f"keys/{digits}"))
    invalid = ended_by is CollectEnd.DIGITS
    result = "invalid" if invalid else "timeout"
    if tries >= menu.tries:
        return Verdict(result, Leave("otherwise"))
    apology = menu.invalid_prompts if invalid else menu.timeout_prompts
    return Verdict(result, PlayAgain([*apology, *menu.prompts]))
