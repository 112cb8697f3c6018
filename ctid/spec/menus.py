"""Menus: the short form of a flow with one question, each key of which leads to a destination. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field, ValidationError

from ctid.spec.base import Key, Name, Spec
from ctid.spec.destination import Destination, Prompt
from ctid.spec.yaml_source import KeyPath

QUESTION: Final = "menu"
"""The node of a menu's flow that plays the menu and waits for a key."""

_SAID: Final = {"prompts": "say", "timeout_prompts": "no_input", "invalid_prompts": "wrong_key"}
"""What a menu plays, and what a node says instead."""

_NAMES: Final = {"*": "star", "#": "hash"}

_STAND_IN: Final = {"start": QUESTION, "nodes": {QUESTION: {"end": "faulty"}}}
"""For a menu that is not of the form, so that what leads to it is not told as a fault, too."""


class MenuSpec(Spec):
    """A menu: prompts, keys, and what happens when no valid key comes.

    Attributes:
        prompts: Played in order; a key ends them.
        timeout_seconds: How long to wait for a key after the last prompt.
        tries: How often the menu is played in all.
        timeout_prompts: Played before the next try when no key came.
        invalid_prompts: Played before the next try when a key came that means nothing.
        keys: Key to destination.
        otherwise: Where to go after the last try.
    """

    prompts: list[Prompt] = Field(min_length=1)
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    timeout_prompts: list[Prompt] = []
    invalid_prompts: list[Prompt] = []
    keys: dict[Key, Destination] = Field(min_length=1)
    otherwise: Destination


class MenusSpec(Spec):
    """The section of menus: what must hold of them before they are written out."""

    menus: dict[Name, MenuSpec] = {}


class WrittenOut(NamedTuple):
    """A configuration without short forms.

    Attributes:
        data: The configuration, plain.
        places: Where what stands in it now was written: key path to key path, for these and all below.
    """

    data: dict[str, Any]
    places: dict[KeyPath, KeyPath]


def written_out(data: Mapping[str, Any]) -> WrittenOut:
    """The configuration with each of its menus as a flow of the same name; a flow that has the name already stays."""
    menus, flows = data.get("menus"), data.get("flows") or {}
    whole, places = {key: value for key, value in data.items() if key != "menus"}, {}
    if isinstance(menus, Mapping) and isinstance(flows, Mapping):
        coming = {name: menu for name, menu in menus.items() if name not in flows}
        good = {name for name, menu in coming.items() if _is_of_the_form(menu)}
        whole["flows"] = {
            **{name: _flow(name, menu) if name in good else _STAND_IN for name, menu in coming.items()},
            **flows,
        }
        places = {now: then for name in good for now, then in _places(name, coming[name])}
    return WrittenOut(whole, places)


def _is_of_the_form(menu: Any) -> bool:
    try:
        MenuSpec.model_validate(menu)
    except ValidationError:
        return False
    return True


def _flow(name: str, menu: Mapping[str, Any]) -> dict[str, Any]:
    question: dict[str, Any] = {key: menu[key] for key in ("timeout_seconds", "tries") if key in menu}
    for said, say in _SAID.items():
        question[say] = [{"prompt": prompt} for prompt in menu.get(said, ())]
    question["keys"] = {key: _node(key) for key in menu["keys"]}
    question["otherwise"] = "otherwise"
    return {
        "start": QUESTION,
        "nodes": {
            # Whoever sees which way a caller took knows the menu by its name.
            QUESTION: {"title": name, "menu": question},
            **{_node(key): {"go": destination} for key, destination in menu["keys"].items()},
            "otherwise": {"go": menu["otherwise"]},
        },
    }


def _node(key: str) -> str:
    return f"key-{_NAMES.get(key, key)}"


def _places(name: str, menu: Mapping[str, Any]) -> Iterator[tuple[KeyPath, KeyPath]]:
    flow: KeyPath = ("flows", name)
    written: KeyPath = ("menus", name)
    question: KeyPath = (*flow, "nodes", QUESTION)
    yield flow, written
    yield question, written
    yield (*question, "menu"), written
    for said, say in _SAID.items():
        yield (*question, "menu", say), (*written, said)
        for at, _ in enumerate(menu.get(said, ())):
            yield (*question, "menu", say, at, "prompt"), (*written, said, at)
    for node, place in (*((_node(key), ("keys", key)) for key in menu["keys"]), ("otherwise", ("otherwise",))):
        yield (*flow, "nodes", node), (*written, *place)
        yield (*flow, "nodes", node, "go"), (*written, *place)
