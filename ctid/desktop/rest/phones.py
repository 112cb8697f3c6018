"""``/v1/agents/{agent_id}/phone``: what the agent's own page needs to be their phone; whether it is to ring."""

from __future__ import annotations

from typing import Any

from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call, accepted
from ctid.desktop.rest.rights import own_agent
from ctid.desktop.schemas.bodies import AgentPhoneBody
from ctid.errors import ForbiddenError, NotFoundError
from ctid.model.events import AgentPhoneSet
from ctid.spec.agent import AgentSpec
from ctid.spec.web_phone import IceServerSpec, WebPhonesSpec

# The password is in it: neither the browser nor anything on the way may keep it.
_NOT_KEPT = {"Cache-Control": "no-store"}


async def get_phone(call: Call) -> Answer:
    """The phone of the agent who asks, with its password; nobody else's business, not even an administrator's.

    Raises:
        ForbiddenError: It is somebody else's.
        NotFoundError: The agent is not in the configuration, or the PBX takes web phones only after a restart.
    """
    agent_id = call.params["agent_id"]
    if call.principal.agent_id != agent_id:
        raise ForbiddenError("the phone's password is for the agent alone")
    agent = call.site.spec.agents.get(agent_id)
    if agent is None:
        raise NotFoundError("there is no such agent")
    phones = call.site.web_phones.get(agent.pbx)
    if agent.web_phone and phones is None:
        raise NotFoundError("the PBX has no web phones as long as the daemon is not restarted")
    return Answer(
        {
            "kind": "web" if agent.web_phone else "device",
            "device": agent.device,
            "auto_answer": agent.answer != "phone",
            "web": _web(agent, phones) if agent.web_phone and phones is not None else None,
        },
        headers=_NOT_KEPT,
    )


async def change_phone(call: Call) -> Answer:
    """Set what becomes of calls for an agent."""
    body: AgentPhoneBody = call.body
    agent_id = call.params["agent_id"]
    own_agent(call, agent_id)
    result = await call.site.request(
        AgentPhoneSet(
            command_id=call.command_id,
            principal=call.principal.subject,
            if_version=call.if_version,
            agent_id=agent_id,
            **body.model_dump(include=body.model_fields_set),
        )
    )
    return accepted(call, result)


def _web(agent: AgentSpec, phones: WebPhonesSpec) -> dict[str, Any]:
    name = agent.device.removeprefix("PJSIP/")
    return {
        "url": phones.url,
        "uri": f"sip:{name}@{phones.domain}",
        "username": name,
        "password": phones.password(name),
        "ice_servers": [_ice_server(server) for server in phones.ice_servers],
    }


def _ice_server(server: IceServerSpec) -> dict[str, Any]:
    view: dict[str, Any] = {"urls": server.urls}
    if server.username is not None:
        view["username"] = server.username
    if server.credential is not None:
        view["credential"] = server.credential.get_secret_value()
    return view
