"""Names in the configuration that must exist elsewhere in it: queues, flows, skills, calendars, PBXes.

Works on the plain data, with menus written out, so that a site with other faults still gets these reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ctid.spec.base import Spec
from ctid.spec.destination import Destination
from ctid.spec.nearest import nearest
from ctid.spec.site import SiteSpec
from ctid.spec.yaml_source import KeyPath

_DESTINATIONS: tuple[KeyPath, ...] = (
    ("entries", "*", "open"),
    ("entries", "*", "closed"),
    ("queues", "*", "closed"),
    ("queues", "*", "full"),
    ("queues", "*", "nobody"),
    ("queues", "*", "overflow", "*", "to"),
    ("queues", "*", "waiting", "keys", "*"),
    ("flows", "*", "nodes", "*", "go"),
)

_NEEDS: tuple[KeyPath, ...] = (
    ("queues", "*", "steps", "**"),
    ("queues", "*", "requirements", "**"),
    ("flows", "*", "nodes", "*", "go", "needs", "**"),
)

# Where a name stands ("*" any key or index, "**" any number of them, "@" the keys of a mapping themselves) and the
# section it must be in.
_REFERENCES: tuple[tuple[KeyPath, str, str], ...] = (
    *(((*place, "menu"), "menu", "flows") for place in _DESTINATIONS),
    *(((*place, "flow"), "flow", "flows") for place in _DESTINATIONS),
    *(((*place, "queue"), "queue", "queues") for place in _DESTINATIONS),
    *(((*place, "callback"), "queue", "queues") for place in _DESTINATIONS),
    *(((*place, "voicemail", "queue"), "queue", "queues") for place in _DESTINATIONS),
    *(((*place, "voicemail", "agent"), "agent", "agents") for place in _DESTINATIONS),
    *(((*place, "skills", "@"), "skill", "skills") for place in _NEEDS),
    *(((*place, "groups", "*"), "group", "groups") for place in _NEEDS),
    *(((*place, "agents", "*"), "agent", "agents") for place in _NEEDS),
    (("flows", "*", "nodes", "*", "call"), "flow", "flows"),
    (("flows", "*", "nodes", "*", "go", "agent"), "agent", "agents"),
    (("queues", "*", "survey"), "flow", "flows"),
    (("entries", "*", "calendar"), "calendar", "calendars"),
    (("queues", "*", "calendar"), "calendar", "calendars"),
    (("queues", "*", "strategy"), "strategy", "strategies"),
    (("queues", "*", "dispositions", "*"), "disposition", "dispositions"),
    (("agents", "*", "skills", "@"), "skill", "skills"),
    (("agents", "*", "groups", "*"), "group", "groups"),
    (("agents", "*", "queues", "@"), "queue", "queues"),
    (("agents", "*", "pbx"), "pbx", "pbxes"),
    (("queues", "*", "callback", "pbx"), "pbx", "pbxes"),
    (("webhooks", "*", "queues", "*"), "queue", "queues"),
)


_CODE = frozenset({"strategies"})

NOTHING: Mapping[str, Collection[str]] = {}


def faulty_references(
    data: dict[str, Any], code: Mapping[str, Collection[str]] = NOTHING
) -> Iterator[tuple[KeyPath, str]]:
    """Every name that leads nowhere and every phone that cannot be its agent's, with its key path.

    Args:
        data: The configuration.
        code: Sections that are not in the configuration but in the code.
    """
    for pattern, kind, section in _REFERENCES:
        if section in _CODE and section not in code:
            continue
        known = list(code[section]) if section in _CODE else data.get(section) or ()
        names = {str(name) for name in known} if isinstance(known, (dict, list)) else set()
        for path, name in _matches(data, pattern, ()):
            if isinstance(name, str) and name not in names:
                yield path, f"there is no {kind} {name!r}; {nearest(name, names)}"
    yield from _faulty_phones(data)
    yield from _faulty_voicemail(data)


def _faulty_voicemail(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Destinations at which a message is to be left, although nothing says how."""
    for pattern in _DESTINATIONS if data.get("voicemail") is None else ():
        for path, target in _matches(data, (*pattern, "voicemail"), ()):
            if isinstance(target, dict):
                yield (
                    path,
                    "there is no section voicemail, which says how callers leave messages; voicemail: {} will do",
                )


def faulty_recordings(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Every place that asks for recordings which could not be kept, or not be written by the PBX."""
    places: tuple[KeyPath, ...] = (("queues", "*", "recording"), ("agents", "*", "recording"), ("voicemail",))
    asking = [found for place in places for found in _matches(data, place, ())]
    for path, _ in asking if not data.get("recordings") else ():
        yield path, "there is no section recordings, which says where recordings are kept"
    pbxes = data.get("pbxes")
    for name, pbx in pbxes.items() if isinstance(pbxes, dict) and data.get("recordings") else ():
        if isinstance(pbx, dict) and not pbx.get("recordings") and asking:
            yield ("pbxes", name, "recordings"), "is missing: the folder that this PBX writes recordings to"


def faulty_speech(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Every PBX that could not read what is spoken, or would read what nobody writes."""
    pbxes = data.get("pbxes")
    for name, pbx in pbxes.items() if isinstance(pbxes, dict) else ():
        reads = isinstance(pbx, dict) and pbx.get("speech") is not None
        speaks = data.get("speech") is not None
        if speaks and not reads:
            yield ("pbxes", name, "speech"), "is missing: speech.folder as this PBX sees it"
        elif reads and not speaks:
            yield ("pbxes", name, "speech"), "there is no section speech, which says how texts become sound"


def _faulty_phones(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Phones given to two agents, browsers that the PBX does not let register, phones that it could not tell."""
    phones: dict[tuple[Any, Any], str] = {}
    agents, pbxes = data.get("agents"), data.get("pbxes")
    for name, agent in agents.items() if isinstance(agents, dict) else ():
        if isinstance(agent, dict) and isinstance(device := agent.get("device"), str):
            other = phones.setdefault((str(agent.get("pbx")), device), name)
            if other != name:
                yield ("agents", name, "device"), f"{device} is the phone of agent {other!r} already"
        if isinstance(agent, dict) and agent.get("web_phone") is True and isinstance(pbxes, dict):
            # A site that is checked alone names its PBXes without telling anything of them.
            pbx = pbxes.get(agent.get("pbx"))
            if isinstance(pbx, dict) and not pbx.get("web_phones"):
                place = f"pbxes.{agent.get('pbx')}"
                yield ("agents", name, "web_phone"), f"{place} has no web_phones: give url, domain and secret there"
        if isinstance(agent, dict) and agent.get("notify_talk") is True and isinstance(pbxes, dict):
            pbx = pbxes.get(agent.get("pbx"))
            if isinstance(pbx, dict) and not pbx.get("notify"):
                place = f"pbxes.{agent.get('pbx')}"
                yield ("agents", name, "notify_talk"), f"{place} has no notify: give username and secret there"


def _matches(data: Any, pattern: KeyPath, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if not pattern:
        yield path, data
        return
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        yield from _matches(data, rest, path)
        inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
        for key, item in inner:
            yield from _matches(item, pattern, (*path, key))
    elif first == "@":
        yield from (((*path, key), key) for key in data) if isinstance(data, dict) else ()
    elif isinstance(data, dict):
        for key in data if first == "*" else [first] if first in data else ():
            yield from _matches(data[key], rest, (*path, key))
    elif isinstance(data, list) and first == "*":
        for index, item in enumerate(data):
            yield from _matches(item, rest, (*path, index))


def destination_at(site: SiteSpec, place: str) -> Destination | None:
    """The destination at a place such as ``queues/sales/closed``, or ``None`` if a reload took it away."""
    found: object = site
    for part in place.split("/"):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list):
            found = found[int(part)] if part.isdigit() and int(part) < len(found) else None
        else:
            found = getattr(found, part, None) if isinstance(found, Spec) else None
    return found if isinstance(found, Destination) else None
