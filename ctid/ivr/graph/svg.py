"""A picture of a flow as SVG, which browsers show and people print; a page finds nodes by their ``data-node``."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from ctid.ivr.graph.layers import Layout, Measures, Point, layout
from ctid.ivr.graph.picture import Box, Picture, columns

_COLUMN = 6.7
"""Width of a Latin character, in pixels at the size of the text."""

_WIDTH, _LINE, _PAD = 230, 16, 10
_GAP, _MARGIN, _LOOP = 28, 30, 60
_LINES = 4

_FILL = {
    "say": "#eef4ff", "menu": "#fff4d6", "collect": "#fff4d6", "decide": "#f3ecff", "fetch": "#e6f7ef",
    "record": "#fff4d6", "go": "#e9e9ec", "end": "#e9e9ec",
}  # fmt: skip

_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" \
font-family="Helvetica, Arial, 'Noto Sans CJK SC', sans-serif" font-size="12">
<title>{title}</title>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">\
<path d="M0 0L10 5L0 10z" fill="#555"/></marker></defs>
<rect width="{width}" height="{height}" fill="#fff"/>
"""


def svg(shown: Picture) -> str:
    """The text of an SVG file."""
    heights: dict[str, float] = {box.name: 2 * _PAD + _LINE * (1 + len(_wrapped(box.text))) for box in shown.boxes}
    bends = [columns(arrow.label) * _COLUMN + 10.0 for arrow in shown.arrows]
    found = layout(shown, Measures(_WIDTH, heights, bends, _GAP))
    starts, ends = _anchors(shown, found, heights)
    paths = [
        [starts[at], *found.bends[at], ends[at]] if found.bends[at] else _loop(found.middles[arrow.start])
        for at, arrow in enumerate(shown.arrows)
    ]
    size = {"width": round(found.width + 2 * _MARGIN + _LOOP), "height": round(found.height + 2 * _MARGIN)}
    lines = [_HEAD.format(**size, title=escape(shown.title)), f'<g transform="translate({_MARGIN} {_MARGIN})">']
    lines += [_arrow(path) for path in paths]
    lines += [
        _box(box, found.middles[box.name], heights[box.name], first=box.name == shown.start) for box in shown.boxes
    ]
    # Labels come last, so that no arrow runs through them.
    lines += [_label(arrow.label, path[1]) for arrow, path in zip(shown.arrows, paths, strict=True) if arrow.label]
    return "\n".join([*lines, "</g>", "</svg>", ""])


def _anchors(shown: Picture, found: Layout, heights: dict[str, float]) -> tuple[dict[int, Point], dict[int, Point]]:
    """Where each arrow leaves its first box and meets its last: side by side, in the order of what they lead to."""
    sides: dict[tuple[str, bool], list[tuple[float, int, bool]]] = {}
    for at, arrow in enumerate(shown.arrows):
        if found.bends[at]:
            down = found.middles[arrow.start][1] < found.middles[arrow.end][1]
            sides.setdefault((arrow.start, down), []).append((found.bends[at][0][0], at, True))
            sides.setdefault((arrow.end, not down), []).append((found.bends[at][-1][0], at, False))
    starts: dict[int, Point] = {}
    ends: dict[int, Point] = {}
    for (name, below), joined in sides.items():
        x, y = found.middles[name]
        edge = y + heights[name] / 2 if below else y - heights[name] / 2
        for place, (_, at, is_start) in enumerate(sorted(joined)):
            (starts if is_start else ends)[at] = (x + _WIDTH * ((place + 1) / (len(joined) + 1) - 0.5) * 0.8, edge)
    return starts, ends


def _loop(middle: Point) -> list[Point]:
    """The way of an arrow that leads back to its own box, at the side of it."""
    right = middle[0] + _WIDTH / 2
    return [(right, middle[1] - 9), (right + _LOOP / 2, middle[1]), (right, middle[1] + 9)]


def _box(box: Box, middle: Point, height: float, *, first: bool) -> str:
    x, y = middle
    radius = height / 2 if box.is_last else 6
    stroke = 'stroke="#222" stroke-width="2"' if first else 'stroke="#888"'
    shape = (
        f'<rect x="{x - _WIDTH / 2:.1f}" y="{y - height / 2:.1f}" width="{_WIDTH}" height="{height:g}" rx="{radius:g}" '
        f'fill="{_FILL.get(box.kind, "#f6f6f6")}" {stroke}/>'
    )
    line = y - height / 2 + _PAD + 12
    texts = [f'<text x="{x:.1f}" y="{line:.1f}" font-weight="bold">{escape(box.title)}</text>']
    for at, text in enumerate(_wrapped(box.text)):
        texts.append(f'<text x="{x:.1f}" y="{line + _LINE * (at + 1):.1f}">{escape(text)}</text>')
    return f'<g data-node={quoteattr(box.name)} text-anchor="middle">{shape}{"".join(texts)}</g>'


def _arrow(path: list[Point]) -> str:
    """A smooth line, upright wherever it bends."""
    x, y = path[0]
    drawn = f"M{x:.1f} {y:.1f}"
    for to_x, to_y in path[1:]:
        half = (y + to_y) / 2
        drawn += f"C{x:.1f} {half:.1f} {to_x:.1f} {half:.1f} {to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
    return f'<path d="{drawn}" fill="none" stroke="#666" marker-end="url(#tip)"/>'


def _label(label: str, at: Point) -> str:
    x, y = at
    wide = columns(label) * _COLUMN + 6
    back = f'<rect x="{x - wide / 2:.1f}" y="{y - 8:.1f}" width="{wide:.1f}" height="16" fill="#fff"/>'
    return f'<g>{back}<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" fill="#224">{escape(label)}</text></g>'


def _wrapped(text: str) -> list[str]:
    """The text in lines that fit into a box."""
    most = int((_WIDTH - 2 * _PAD) / _COLUMN)
    lines = [""] if text else []
    for word in text.split():
        for part in _broken(word, most):
            if lines[-1] and columns(lines[-1]) + 1 + columns(part) > most:
                lines.append(part)
            else:
                lines[-1] = f"{lines[-1]} {part}".strip()
    return lines[:_LINES]


def _broken(word: str, most: int) -> list[str]:
    """A word, or as many parts of it as it needs: Chinese has no blanks."""
    parts = [""]
    for letter in word:
        if columns(parts[-1] + letter) > most:
            parts.append("")
        parts[-1] += letter
    return parts
