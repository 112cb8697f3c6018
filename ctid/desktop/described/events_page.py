"""The event socket's description as a page to read: plain HTML without a script, made of the AsyncAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from ctid.desktop.stream.close_codes import ADVICE

_CODE: Final = re.compile(r"`([^`]+)`")

STYLE: Final = """\
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.5rem }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884 }
code { font-family: ui-monospace, monospace; font-size: 0.9em }
h3 { margin: 1.5rem 0 0; scroll-margin-top: 1rem }
:target { background: #fd06 }
"""


def render(document: Mapping[str, Any]) -> str:
    """The page.

    Args:
        document: As ``asyncapi.describe`` makes it.
    """
    components = document["components"]
    heard, told = (
        [components["messages"][ref["$ref"].rpartition("/")[2]] for ref in document["operations"][name]["messages"]]
        for name in ("hear", "tell")
    )
    prose = document["info"]["description"].partition("\n|")[0]
    parts = [
        f"<h1>{escape(document['info']['title'])} {escape(document['info']['version'])}</h1>",
        *(f"<p>{_text(paragraph)}</p>" for paragraph in prose.strip().split("\n\n")),
        '<p>For programs: <a href="/v1/asyncapi.json">AsyncAPI 3.0</a>. Requests: <a href="/docs">REST</a>.</p>',
        "<h2>What a client says</h2>",
        _messages(heard),
        "<h2>What it is told of the connection</h2>",
        _messages(message for message in told if "tags" not in message),
        "<h2>Events</h2>",
        _messages(message for message in told if "tags" in message),
        "<h2>Close codes</h2>",
        _table(
            ("code", "why", "what to do"),
            ([str(int(code)), escape(why), escape(what)] for code, (why, what) in ADVICE.items()),
        ),
        "<h2>Shapes</h2>",
        *(_shape(name, schema) for name, schema in sorted(components["schemas"].items())),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>ctid event socket</title>\n'
        '<meta name="viewport" content="width=device-width">\n<link rel="stylesheet" href="/docs/events.css">\n'
        "</head>\n<body>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def _messages(messages: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        [
            f"<code>{_link(message['payload'], message['name'])}</code>",
            _text(message["summary"]),
            ", ".join(tag["name"] for tag in message.get("tags", ())),
        ]
        for message in messages
    ]
    return _table(("type", "when", "topic, beside own"), rows)


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    head = f'<h3 id="{escape(name)}">{escape(name)}</h3>\n<p>{_text(schema.get("description", ""))}</p>'
    if "properties" not in schema:
        return f"{head}\n<p><code>{_kind(schema)}</code></p>"
    required = schema.get("required", ())
    rows = [
        [
            f"<code>{escape(key)}</code>{'' if key in required else ' ?'}",
            f"<code>{_kind(shape)}</code>",
            _text(shape.get("description", "")),
        ]
        for key, shape in schema["properties"].items()
    ]
    return head + _table(("field", "kind", ""), rows)


def _kind(shape: Mapping[str, Any]) -> str:
    if "$ref" in shape:
        return _link(shape)
    for name, joint in (("anyOf", " or "), ("allOf", " and ")):
        if name in shape:
            return joint.join(_kind(each) for each in shape[name])
    if "const" in shape:
        return escape(repr(shape["const"]).replace("'", '"'))
    if "enum" in shape:
        return " or ".join(escape(f'"{each}"') for each in shape["enum"])
    kind = str(shape.get("format", shape.get("type", "any")))
    if kind == "array":
        return f"[{_kind(shape.get('items', {}))}]"
    if isinstance(values := shape.get("additionalProperties"), dict):
        return f"{{string: {_kind(values)}}}"
    return escape(kind)


def _link(ref: Mapping[str, Any], text: str = "") -> str:
    name = escape(ref["$ref"].rpartition("/")[2])
    return f'<a href="#{name}">{escape(text) or name}</a>'


def _text(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows]
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    return f"<table>\n<thead><tr>{titles}</tr></thead>\n<tbody>\n" + "\n".join(lines) + "\n</tbody>\n</table>"
