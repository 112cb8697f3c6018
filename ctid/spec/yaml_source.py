"""YAML read with the place of every value, so that a fault can name file, line and key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

KeyPath = tuple[str | int, ...]

_COLLECTIONS = (yaml.SafeLoader.DEFAULT_MAPPING_TAG, yaml.SafeLoader.DEFAULT_SEQUENCE_TAG)


@dataclass
class Source:
    """Merged data of one or more files.

    Attributes:
        data: What they say, plain.
        places: Key path to ``file:line``.
        written: Where data that has been put in place of a short form was written: key path to key path.
        faults: What could not be read.
        torn: Whether a file could not be read, so that much may be missing.
    """

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, str] = field(default_factory=dict)
    written: dict[KeyPath, KeyPath] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    torn: bool = False

    def place(self, path: KeyPath) -> str:
        """Where the value at ``path``, or the nearest thing around it, stands."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return next(iter(self.places.values()), "configuration:1")

    def fault(self, path: KeyPath, what: str) -> None:
        """Note what is wrong with the value at ``path``."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.written:
                path = (*self.written[path[:length]], *path[length:])
                break
        self.faults.append(f"{self.place(path)}: {dotted(path)}: {what}")

    def tear(self, fault: str) -> None:
        """Note that a file can't be read."""
        self.torn = True
        self.faults.append(fault)


def read_files(files: list[Path]) -> Source:
    """Read and merge YAML files: top-level sections add up, a value given twice is a fault."""
    source = Source()
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
            loader = yaml.SafeLoader(text)
            try:
                node = loader.get_single_node()
                if node is None:
                    continue
                if not isinstance(node, yaml.MappingNode):
                    source.tear(f"{file}:{node.start_mark.line + 1}: the file must be a mapping of keys")
                    continue
                _merge(source, file, loader, node)
            finally:
                loader.dispose()
        except OSError as error:
            source.tear(f"{file}:1: cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            source.tear(f"{file}:1: is not UTF-8 (byte {error.start})")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            source.tear(f"{file}:{mark.line + 1 if mark else 1}: is not YAML: {error.problem}")
        except yaml.YAMLError as error:
            source.tear(f"{file}:1: is not YAML: {error}")
        except RecursionError:
            source.tear(f"{file}:1: is nested too deeply to be read")
    return source


def _merge(source: Source, file: Path, loader: yaml.SafeLoader, node: yaml.MappingNode) -> None:
    reader = _Reader(source, file, loader)
    data, places = reader.read(node), reader.places
    for key, value in data.items():
        if key in source.data:
            present = source.data[key]
            if isinstance(present, dict) and isinstance(value, dict):
                for name in sorted(present.keys() & value.keys()):
                    source.faults.append(
                        f"{places[key, name]}: {key}.{name}: is given already at {source.places[key, name]}"
                    )
                present.update({name: item for name, item in value.items() if name not in present})
            else:
                source.faults.append(f"{places[key,]}: {key}: is given already at {source.places[key,]}")
        else:
            source.data[key] = value
    for path, place in places.items():
        source.places.setdefault(path, place)


class _Reader:
    """Turns one file's nodes into plain data, and keeps the place of every value."""

    def __init__(self, source: Source, file: Path, loader: yaml.SafeLoader) -> None:
        self.places: dict[KeyPath, str] = {}
        self._source = source
        self._file = file
        self._loader = loader
        self._around: list[yaml.Node] = []

    def read(self, node: yaml.Node, path: KeyPath = ()) -> Any:
        """The node's value; what cannot be read is a fault and ``None``."""
        place = f"{self._file}:{node.start_mark.line + 1}"
        if path:
            self.places.setdefault(path, place)
        if isinstance(node, yaml.ScalarNode):
            try:
                return self._loader.construct_object(node)
            except ValueError as error:
                # PyYAML lets what looks like a date or number, but is none, fall through: 2026-02-30.
                self._source.faults.append(f"{place}: {dotted(path)}: is no value: {error}")
                return None
        if node.tag not in _COLLECTIONS:
            self._source.faults.append(f"{place}: {dotted(path)}: the tag {node.tag} is not known here")
            return None
        if node in self._around:
            self._source.faults.append(f"{place}: {dotted(path)}: contains itself")
            return None
        self._around.append(node)
        value = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        self._around.pop()
        return value

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        self._loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            # Keys are names and numbers dialled: 1 and "1" are the same key, and 0123 must not turn octal.
            plain = isinstance(key_node, yaml.ScalarNode)
            key = key_node.value if plain else repr(self._loader.construct_object(key_node, deep=True))
            place = f"{self._file}:{key_node.start_mark.line + 1}"
            if key in result:
                self._source.faults.append(f"{place}: {dotted((*path, key))}: is given twice")
                continue
            self.places[(*path, key)] = place
            result[key] = self.read(value_node, (*path, key))
        return result

    def _sequence(self, node: yaml.Node, path: KeyPath) -> list[Any]:
        return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]


def dotted(path: KeyPath) -> str:
    """A key path as people write it: ``queues.sales.steps[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
