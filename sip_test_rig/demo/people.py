"""People who may sign in at the demo's pages: two agents whose phone is the page itself, and their supervisor."""

from __future__ import annotations

from typing import Any, Final

from ctid.model.access import Role
from sip_test_rig.site import RigSite

WEB_AGENTS: Final[dict[str, dict[str, Any]]] = {
    "carol": {
        "name": "Carol Chen", "device": "PJSIP/1003", "pbx": "main", "web_phone": True, "team": "red",
        "skills": {"sales": 6, "support": 6, "english": 8},
    },
    "dan": {
        "name": "Dan Duarte", "device": "PJSIP/1004", "pbx": "main", "web_phone": True, "team": "red",
        "skills": {"sales": 4, "support": 8},
    },
}  # fmt: skip
"""Beside alice and bob, who work by themselves; nobody is offered a call before somebody has signed in as them."""

SUPERVISOR: Final = "sue"


def password(name: str) -> str:
    """The password of one of the demo's people."""
    return f"demo-only-{name}"


async def add_all(site: RigSite) -> str:
    """Make the users; tell in words who they are."""
    # Imported here, as the database's libraries take a second that ctid takes to start as well.
    from ctid.store.database import Database
    from ctid.store.passwords import Passwords
    from ctid.store.users import UserStore

    async with Database(f"sqlite:///{site.folder}/ctid.db") as database:
        users = UserStore(database, Passwords())
        for agent_id, agent in WEB_AGENTS.items():
            await users.add(agent_id, password(agent_id), Role.AGENT, display_name=agent["name"], agent_id=agent_id)
        await users.add(SUPERVISOR, password(SUPERVISOR), Role.SUPERVISOR, display_name="Sue Sanders")
    return ", ".join([*WEB_AGENTS, SUPERVISOR])
