"""Agents' phones: whether they can be reached, and whether they are in a call, be it ctid's or the agent's own."""

from __future__ import annotations

from ctid.engine.agent import agents
from ctid.engine.state import alias_key
from ctid.engine.turn import Turn
from ctid.model.events import DeviceChanged, PbxReconciled
from ctid.spec.agent import AgentSpec


def changed(turn: Turn, event: DeviceChanged) -> None:
    """A phone can be reached or can no longer, or a call of it began or ended."""
    _set(turn, event.pbx, event.device, reachable=event.reachable, in_use=event.in_use)


def reconciled(turn: Turn, event: PbxReconciled) -> None:
    """What the PBX knows of its devices is all that is known."""
    in_use = set(event.in_use)
    prefix = alias_key(event.pbx, "")
    for key in [each for each in turn.state.devices if each.startswith(prefix)]:
        device = key.removeprefix(prefix)
        if device not in event.devices:
            _set(turn, event.pbx, device, reachable=True, in_use=False)
            del turn.state.devices[key]
    for device, reachable in event.devices.items():
        _set(turn, event.pbx, device, reachable=reachable, in_use=device in in_use)


def in_own_call(turn: Turn, spec: AgentSpec) -> bool:
    """Whether the phone is in a call, and such calls count; while nothing rings it, that is one of the agent's own."""
    return turn.site.policy.non_acd_calls == "block" and alias_key(spec.pbx, spec.device) in turn.state.devices_in_use


def extension_of(device: str) -> str:
    """What phones dial to reach a phone: its name at the PBX."""
    return device.partition("/")[2].partition("@")[0]


def agent_at(turn: Turn, pbx: str, device: str) -> str:
    """The agent whose phone it is; empty if it is nobody's."""
    return turn.site.phones.get((pbx, device), "")


def _set(turn: Turn, pbx: str, device: str, *, reachable: bool, in_use: bool) -> None:
    """Take in a phone's state, and tell whose it changed for."""
    key = alias_key(pbx, device)
    devices, calls = turn.state.devices, turn.state.devices_in_use
    same_reach = devices.get(key, True) == reachable
    same = same_reach and (key in calls) == in_use
    devices[key] = reachable
    if same:
        return
    if reachable and not same_reach:
        # It has registered anew, with other settings as likely as not.
        turn.state.refusals.pop(key, None)
    if in_use:
        calls[key] = True
    else:
        calls.pop(key, None)
    agent = turn.state.agents.get(turn.site.phones.get((pbx, device), ""))
    if agent is not None:
        if agent.offer_id and same_reach:
            # That a phone rings and talks for the offer that is out is no news to anybody.
            turn.touch_agent(agent.id)
        else:
            agents.changed(turn, agent, "agent.updated")
