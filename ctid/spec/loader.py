"""Configuration files to checked models; every fault is reported with file, line and key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ctid.errors import ConfigError
from ctid.spec.base import FORMS
from ctid.spec.daemon import DaemonSpec
from ctid.spec.lookup_references import faulty_fetches
from ctid.spec.menus import MenusSpec, written_out
from ctid.spec.references import NOTHING, faulty_recordings, faulty_references, faulty_speech
from ctid.spec.site import SiteSpec
from ctid.spec.sounds import faulty_sounds
from ctid.spec.yaml_source import KeyPath, Source, read_files

Model = TypeVar("Model", bound=BaseModel)
Faults = Iterable[tuple[KeyPath, str]]
Check = Callable[[Mapping[str, Any]], Faults]
"""Looks closer at a configuration's plain data: gives where something is wrong, and what would be right."""

TEST_ENDING = ".test.yaml"
"""Of files with tests of flows (``ctid ivr test``), which stand beside the configuration and are none of it."""


@dataclass(frozen=True)
class Config:
    """A whole, checked configuration."""

    site: SiteSpec
    daemon: DaemonSpec


def config_files(path: Path) -> list[Path]:
    """The file itself, or the ``*.yaml`` files of a directory in order of their names, but for tests of flows."""
    if path.is_dir():
        return sorted(file for file in path.glob("*.yaml") if not file.name.endswith(TEST_ENDING))
    return [path]


def load_config(path: Path, code: Mapping[str, Collection[str]] = NOTHING, check: Check = lambda _: ()) -> Config:
    """Read the configuration in a file or directory.

    Args:
        path: The file or directory.
        code: What the configuration may name although it is not in it, such as ``strategies``, which are code. What is
            not given here is not checked.
        check: Looks closer, at what flows do, say.

    Raises:
        ConfigError: With every fault that was found.
    """
    source = _read(path)
    if source.torn:
        # What stands in a file that can't be read would be missed everywhere else.
        raise ConfigError(source.faults)
    # What menus play is in no language of theirs, so that any will do.
    sounds = list(faulty_sounds(source.data))
    write_out_menus(source)
    site, daemon = validate(SiteSpec, source), validate(DaemonSpec, source)
    referring = (
        faulty_references(source.data, code),
        faulty_recordings(source.data),
        faulty_speech(source.data),
        sounds,
        faulty_fetches(source.data),
        check(source.data),
    )
    for where, what in (fault for faults in referring for fault in faults):
        source.fault(where, what)
    if source.faults or site is None or daemon is None:
        raise ConfigError(sorted(set(source.faults), key=_by_place))
    return Config(site=site, daemon=daemon)


def placed(path: Path, remarks: Faults) -> list[str]:
    """What there is to say of places in the configuration in a file or directory, as its faults are told."""
    source = _read(path)
    for where, what in remarks:
        source.fault(where, what)
    return sorted(source.faults, key=_by_place)


def load_site(path: Path, check: Check = lambda _: ()) -> SiteSpec:
    """Read a site's configuration for what needs no daemon: PBXes and the like may be missing.

    Args:
        path: The file or directory.
        check: As for ``load_config``.

    Raises:
        ConfigError: With every fault that was found.
    """
    source = _read(path)
    if source.torn:
        raise ConfigError(source.faults)
    write_out_menus(source)
    site = validate(SiteSpec, source)
    for where, what in (*faulty_site_references(source.data), *check(source.data)):
        source.fault(where, what)
    if source.faults or site is None:
        raise ConfigError(sorted(set(source.faults), key=_by_place))
    return site


def faulty_site_references(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Like ``faulty_references`` for a site alone: where it names no PBXes, those of its agents are there."""
    agents = data.get("agents")
    if "pbxes" not in data and isinstance(agents, dict):
        named = {str(agent.get("pbx")) for agent in agents.values() if isinstance(agent, dict)}
        data = {**data, "pbxes": dict.fromkeys(named)}
    return faulty_references(data)


def _read(path: Path) -> Source:
    files = config_files(path)
    if not files:
        raise ConfigError([f"{path}:1: has no *.yaml file"])
    source = read_files(files)
    refuse_unknown(source, {*SiteSpec.model_fields, *MenusSpec.model_fields, *DaemonSpec.model_fields})
    return source


def write_out_menus(source: Source, around: tuple[str, ...] = ()) -> None:
    """Have the source's data say flows instead of menus, with the faults of menus noted.

    Args:
        source: The source.
        around: Where the site stands in its data, if it is not the whole.
    """
    validate(MenusSpec, source, around)
    site = _at(source.data, around)
    menus, flows = site.get("menus"), site.get("flows")
    if isinstance(menus, dict) and isinstance(flows, dict):
        for name in menus.keys() & flows.keys():
            there = source.place((*around, "flows", name))
            what = f"there is a flow of this name, at {there}, and a menu is a flow, too; give one of them another name"
            source.fault((*around, "menus", name), what)
    out = written_out(site)
    source.written |= {(*around, *now): (*around, *then) for now, then in out.places.items()}
    site.clear()
    site.update(out.data)


def refuse_unknown(source: Source, known: Set[str]) -> None:
    """Note every top-level key that is none of these as a fault of the source."""
    for key in source.data.keys() - known:
        source.fault((key,), f"is not known; there is: {', '.join(sorted(known))}")


def validate(model: type[Model], source: Source, around: tuple[str, ...] = ()) -> Model | None:
    """The model of those keys of the source that are its own, or ``None``, with the source's faults added to.

    Args:
        model: The model.
        source: The source.
        around: Where these keys stand in its data, if they are not at the top.
    """
    whole = _at(source.data, around)
    data = {key: value for key, value in whole.items() if key in model.model_fields}
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for fault in error.errors():
            where = (*around, *_inside(whole, fault["loc"]))
            what = fault["msg"].removeprefix("Value error, ")
            if fault["type"] == "missing":
                what = "is needed and missing"
            elif fault["type"] == "extra_forbidden":
                what = "is not known here"
            elif fault["type"] == "string_pattern_mismatch" and fault["ctx"]["pattern"] in FORMS:
                what = f"{FORMS[fault['ctx']['pattern']]}, not {fault['input']!r}"
            elif isinstance(fault["input"], bool) and not fault["type"].startswith("value"):
                what += "; yes, no, on and off are true and false in YAML, unless they are in quotes"
            source.fault(where, what)
        return None


def _at(data: Any, path: tuple[str, ...]) -> dict[str, Any]:
    for part in path:
        data = data[part]
    found: dict[str, Any] = data
    return found


def _inside(data: Any, path: tuple[str | int, ...]) -> KeyPath:
    """The part of pydantic's location that is a place in the file; it adds ``[key]`` and names of union members."""
    if path[:1] == ("flows",) and path[2:3] == ("nodes",):
        # Behind a node's name it tells the node's kind, which looks like the key of that name.
        path = (*path[:4], *path[5:])
    kept: list[str | int] = []
    for position, part in enumerate(path):
        if isinstance(data, dict) and str(part) in data:
            data = data[str(part)]
            kept.append(str(part))
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
            kept.append(part)
        elif position == len(path) - 1 and part not in ("[key]", ""):
            kept.append(part)
    return tuple(kept)


def _by_place(fault: str) -> tuple[str, int, str]:
    file, _, rest = fault.partition(":")
    line, _, what = rest.partition(":")
    return file, int(line) if line.isdigit() else 0, what
