"""A picture of a flow as Mermaid (https://mermaid.js.org), which many wikis and forges draw."""

from __future__ import annotations

from ctid.ivr.graph.picture import Picture

_ESCAPED = str.maketrans({
    '"': "#quot;", "#": "#35;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "|": "#124;", "`": "#96;",
})  # fmt: skip


def mermaid(shown: Picture) -> str:
    """The text of a flow chart."""
    ids = {box.name: f"n{at}" for at, box in enumerate(shown.boxes)}
    lines = ["flowchart TD"]
    for box in shown.boxes:
        text = f"<b>{_escaped(box.title)}</b>"
        if box.text:
            text += f"<br>{_escaped(box.text)}"
        left, right = ("([", "])") if box.is_last else ("{{", "}}") if box.kind == "decide" else ("[", "]")
        lines.append(f'    {ids[box.name]}{left}"{text}"{right}')
    lines.append(f"    start(( )) --> {ids[shown.start]}")
    for arrow in shown.arrows:
        label = f'|"{_escaped(arrow.label)}"|' if arrow.label else ""
        lines.append(f"    {ids[arrow.start]} -->{label} {ids[arrow.end]}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)
