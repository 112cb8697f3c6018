"""Sounds that prompts name: whether they are in the folders that the configuration tells of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ctid.spec.yaml_source import KeyPath

_LISTS = ("play", "prompts", "timeout_prompts", "invalid_prompts", "no_room_prompts")


def faulty_sounds(data: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Every prompt that is a sound of no folder, and every folder that is not there; nothing if no folder is told."""
    told = data.get("sounds")
    folders = [Path(each) for each in told if isinstance(each, str)] if isinstance(told, list) else []
    for at, folder in enumerate(folders):
        if not folder.is_dir():
            yield ("sounds", at), f"there is no folder {folder}"
    for path, prompt in _prompts(data, ()) if folders else ():
        for language in _languages(data, path):
            if not any(_is_there(folder, language, prompt) for folder in folders):
                of = f" for {language}" if language else ""
                yield path, f"there is no sound {prompt!r}{of} in {', '.join(map(str, folders))}"
                break


def _prompts(data: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(data, list):
        for at, item in enumerate(data):
            yield from _prompts(item, (*path, at))
    for key, value in data.items() if isinstance(data, Mapping) else ():
        if key == "prompt" and isinstance(value, str) and {"flows", "waiting"} & set(path):
            yield (*path, key), value
        elif key in _LISTS and isinstance(value, list):
            yield from (((*path, key, at), each) for at, each in enumerate(value) if isinstance(each, str))
        else:
            yield from _prompts(value, (*path, key))


def _languages(data: Mapping[str, Any], path: KeyPath) -> list[str]:
    """Languages that a prompt is heard in: a flow's. What is played elsewhere is in whatever language there is."""
    if path[0] != "flows":
        return [""]
    flow = data["flows"][path[1]]
    languages = flow.get("languages", ["en"]) if isinstance(flow, Mapping) else None
    return [str(each) for each in languages] if isinstance(languages, list) else [""]


def _is_there(folder: Path, language: str, prompt: str) -> bool:
    """As Asterisk looks: in the language's folder, that of the language without its region, and outside of any."""
    below = [language, language.partition("-")[0], ""] if language else ["*", ""]
    return any(any(folder.glob(f"{each}/{prompt}.*".lstrip("/"))) for each in below)
