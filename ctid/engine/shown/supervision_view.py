"""What the outside is shown of a supervision, and what may be asked of it."""

from __future__ import annotations

from typing import Any

from ctid.model.supervision import Supervision, SupervisionMode, SupervisionState


def supervision_view(supervision: Supervision) -> dict[str, Any]:
    """A supervision."""
    return {
        "id": supervision.id,
        "supervisor": supervision.supervisor,
        "supervisor_agent": supervision.own_agent or None,
        "phone": supervision.device or supervision.number,
        "agent_id": supervision.agent_id,
        "contact_id": supervision.contact_id or None,
        "follows": "contact" if supervision.follows_contact else "agent",
        "stays": supervision.stays,
        "mode": supervision.mode,
        "state": supervision.state,
        "told": supervision.told,
        "created_at": supervision.created_at.iso(),
        "version": supervision.version,
        "allowed_actions": supervision_actions(supervision),
    }


def supervision_actions(supervision: Supervision) -> list[str]:
    """What may be asked of the supervision now; a mode's name stands for the change to it."""
    if supervision.state is SupervisionState.TAKING_OVER:
        return []
    modes: list[str] = [mode for mode in SupervisionMode if mode is not supervision.mode]
    return [*modes, *(["take_over"] if supervision.state is SupervisionState.ACTIVE else []), "end"]
