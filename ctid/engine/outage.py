"""A PBX that can't be reached: how long that is borne, and what nobody can tell meanwhile."""

from __future__ import annotations

from ctid.engine.turn import Turn, ms


def is_up(turn: Turn, name: str) -> bool:
    """Whether the PBX is reachable and reconciled, so that what is known of its legs is true."""
    pbx = turn.state.pbxes.get(name)
    return pbx is not None and pbx.up


def bear(turn: Turn, name: str) -> None:
    """Give a PBX that is away its grace time, unless it runs already."""
    if not is_up(turn, name) and f"pbx:{name}" not in turn.state.timers:
        turn.start_timer(f"pbx:{name}", ms(turn.site.policy.pbx_grace_seconds))
