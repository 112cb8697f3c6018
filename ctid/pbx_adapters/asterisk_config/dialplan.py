"""What the dialplan has to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ctid.errors import ConfigError
from ctid.pbx_adapters.asterisk_config.values import refuse_unsafe


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialplan:
    """What the dialplan has to know.

    Attributes:
        pbx: The name of this PBX in ctid's configuration.
        agi: ``host:port`` of ctid's FastAGI server, as this PBX reaches it.
        fallback_dial: Whom the fallback rings (``PJSIP/reception``); empty for nobody.
        fallback_prompt: What the fallback plays before it hangs up.
        music_class: What callers hear while no daemon is there.
        number_dial: How a number outside is dialled, by agents' phones and for contacts that are sent on to it;
            ``{number}`` stands for it: ``PJSIP/{number}@trunk``. Without it such a contact goes to the fallback, and
            phones reach none.
        phones: Names of the agents' phones, the extensions of which agents' phones reach them: ``1001`` for
            ``PJSIP/1001``.
        recordings: The folder that calls are recorded to, as this PBX sees it; empty if none is.
        emergency_numbers: Numbers that go out before anything else is looked at.
        places: Name of a phone to the number that is shown of it to an emergency service: that of where it really is.
    """

    pbx: str
    agi: str
    fallback_dial: str = ""
    fallback_prompt: str = "tt-allbusy"
    music_class: str = "default"
    number_dial: str = ""
    phones: Sequence[str] = ()
    recordings: str = ""
    emergency_numbers: Sequence[str] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse what would break out of its line, or dial no number.

        Raises:
            ConfigError: Such a value.
        """
        refuse_unsafe(
            "dialplan",
            self.pbx,
            self.agi,
            self.fallback_dial,
            self.fallback_prompt,
            self.music_class,
            self.number_dial,
            self.recordings,
            *self.phones,
            *self.emergency_numbers,
            *self.places,
            *self.places.values(),
        )
        if self.number_dial and self.number_dial.count("{number}") != 1:
            raise ConfigError([f"dialplan: {self.number_dial!r} must hold {{number}} once: PJSIP/{{number}}@trunk"])
