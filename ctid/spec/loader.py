"""Configuration files to checked models; every fault is reported with file, line and key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ctid.errors import ConfigError
from ctid.spec.daemon import DaemonSpec
from ctid.spec.references import faulty_references
from ctid.spec.site import SiteSpec
from ctid.spec.yaml_source import KeyPath, Source, dotted, read_files

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Config:
    """A whole, checked configuration."""

    site: SiteSpec
    daemon: DaemonSpec


def config_files(path: Path) -> list[Path]:
    """The file itself, or the ``*.yaml`` files of a directory in order of their names."""
    if path.is_dir():
        return sorted(path.glob("*.yaml"))
    return [path]


def load_config(path: Path) -> Config:
    """Read the configuration in a file or directory.

    Raises:
        ConfigError: With every fault that was found.
    """
    files = config_files(path)
    if not files:
        raise ConfigError([f"{path}:1: has no *.yaml file"])
    source = read_files(files)
    faults = list(source.faults)
    site_keys, daemon_keys = SiteSpec.model_fields.keys(), DaemonSpec.model_fields.keys()
    for key in source.data.keys() - site_keys - daemon_keys:
        known = ", ".join(sorted({*site_keys, *daemon_keys}))
        faults.append(f"{source.place((key,))}: {key}: is not known; there is: {known}")
    site = _validate(SiteSpec, source, faults)
    daemon = _validate(DaemonSpec, source, faults)
    for where, what in faulty_references(source.data):
        faults.append(f"{source.place(where)}: {dotted(where)}: {what}")
    if faults or site is None or daemon is None:
        raise ConfigError(sorted(set(faults), key=_by_place))
    return Config(site=site, daemon=daemon)


def _validate(model: type[Model], source: Source, faults: list[str]) -> Model | None:
    data = {key: value for key, value in source.data.items() if key in model.model_fields}
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for fault in error.errors():
            where = _inside(source.data, fault["loc"])
            what = fault["msg"].removeprefix("Value error, ")
            if fault["type"] == "missing":
                what = "is needed and missing"
            elif fault["type"] == "extra_forbidden":
                what = "is not known here"
            faults.append(f"{source.place(where)}: {dotted(where)}: {what}")
        return None


def _inside(data: Any, path: tuple[str | int, ...]) -> KeyPath:
    """The part of pydantic's location that is a place in the file; it adds ``[key]`` and names of union members."""
    kept: list[str | int] = []
    for position, part in enumerate(path):
        if isinstance(data, dict) and str(part) in data:
            data = data[str(part)]
            kept.append(str(part))
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
            kept.append(part)
        elif position == len(path) - 1 and part != "[key]":
            kept.append(part)
    return tuple(kept)


def _by_place(fault: str) -> tuple[str, int, str]:
    file, _, rest = fault.partition(":")
    line, _, what = rest.partition(":")
    return file, int(line) if line.isdigit() else 0, what
