"""Who may do what: one row for each operation of the API. ``test_rights`` walks them; an operation without one fails.

The request of a row is about alice's work: she is of team red, and is being offered a contact of queue sales.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from ctid.model.access import Grant, Role

PRINCIPALS: Final = {
    each.subject: each
    for each in (
        Grant(subject="alice", role=Role.AGENT, agent_id="alice"),
        Grant(subject="bob", role=Role.AGENT, agent_id="bob"),
        Grant(subject="sue", role=Role.SUPERVISOR),
        Grant(subject="sales-red", role=Role.SUPERVISOR, queues=["sales"], teams=["red"]),
        Grant(subject="sales-blue", role=Role.SUPERVISOR, queues=["sales"], teams=["blue"]),
        Grant(subject="support-red", role=Role.SUPERVISOR, queues=["support"], teams=["red"]),
        Grant(subject="adam", role=Role.ADMIN),
        Grant(subject="crm", role=Role.INTEGRATION),
        Grant(subject="crm-support", role=Role.INTEGRATION, queues=["support"]),
    )
}

EVERYBODY: Final = frozenset(PRINCIPALS)
ADMIN: Final = frozenset({"adam"})
WHOLE_SITE: Final = frozenset({"sue", "adam"})
NOBODY: Final = frozenset[str]()
SUPERVISION: Final = frozenset({"sue", "sales-red", "sales-blue", "support-red", "adam"})
# Of alice's team: those who may command her, and those who may see her too.
HER_SUPERVISION: Final = WHOLE_SITE | {"sales-red", "support-red"}
# Of queue sales: those who may steer its contacts.
SALES_STEERING: Final = WHOLE_SITE | {"sales-red", "sales-blue", "crm"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One operation.

    Attributes:
        may: Who is let in; everybody else gets 403, and nothing happens.
        body: Of the request.
        query: Of the request.
        sees: Of an operation that lists: what of the world each sees who is let in, by ids.
        public: It asks for no token.
    """

    may: frozenset[str]
    body: Any = None
    query: str = ""
    sees: dict[str, list[str]] = field(default_factory=dict)
    public: bool = False


def seeing(ids: list[str], *, but: dict[str, list[str]]) -> dict[str, list[str]]:
    """All of these, but for some."""
    return {who: but.get(who, ids) for who in EVERYBODY}


# Ids: ``offered``, ``waiting`` (a contact of support), ``callback`` and ``record`` (both of sales), ``recording``,
# ``message`` (for sales).
TABLE: Final[dict[str, Row]] = {
    "getSite": Row(may=EVERYBODY),
    "listReasonCodes": Row(may=EVERYBODY),
    "listWrapUpCodes": Row(may=EVERYBODY),
    # Agents: one's own, or of the teams of one's scope.
    "listAgents": Row(
        may=EVERYBODY, sees=seeing(["alice", "bob"], but={"alice": ["alice"], "bob": ["bob"], "sales-blue": []})
    ),
    "getAgent": Row(may=HER_SUPERVISION | {"alice", "crm", "crm-support"}),
    "setAgentState": Row(may=HER_SUPERVISION | {"alice"}, body={"state": "NOT_READY", "reason": "lunch"}),
    "changeAgentProfile": Row(may=HER_SUPERVISION, body={"skills": {"sales": 7}}),
    "getAgentDay": Row(may=HER_SUPERVISION | {"alice"}),
    "listAgentContacts": Row(may=HER_SUPERVISION | {"alice"}),
    "sendMessage": Row(may=HER_SUPERVISION, body={"to": {"agents": ["alice"]}, "text": "hello"}),
    "getDirectory": Row(may=EVERYBODY),
    "getPhone": Row(may=frozenset({"alice"})),
    "changePhone": Row(may=HER_SUPERVISION | {"alice"}, body={"do_not_disturb": True}),
    # Contacts: one's own work, or of the queues of one's scope.
    "listContacts": Row(
        may=EVERYBODY,
        sees=seeing(
            ["offered", "waiting", "callback"],
            but={
                "alice": ["offered"],
                "bob": [],
                "sales-red": ["offered", "callback"],
                "sales-blue": ["offered", "callback"],
                "support-red": ["waiting"],
                "crm-support": ["waiting"],
            },
        ),
    ),
    "submitContact": Row(may=SALES_STEERING, body={"channel": "chat", "queue": "sales"}),
    "getContact": Row(may=SALES_STEERING | {"alice"}),
    "getRouting": Row(may=SALES_STEERING),
    "mergeAttributes": Row(may=SALES_STEERING | {"alice"}, body={"case": "7"}),
    "setRouting": Row(may=SALES_STEERING, body={"priority": 1}),
    "withdrawContact": Row(may=SALES_STEERING),
    # Both the contact and the agent whose wrap-up it is.
    "setWrapUp": Row(may=WHOLE_SITE | {"alice", "sales-red"}, body={"notes": "n"}),
    # Offers: both the agent and the queue.
    "getOffer": Row(may=WHOLE_SITE | {"alice", "sales-red", "crm"}),
    "acceptOffer": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    "answerOffer": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    "rejectOffer": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    "deflectOffer": Row(may=WHOLE_SITE | {"alice", "sales-red"}, body={"queue": "support"}),
    "listCallbacks": Row(
        may=SALES_STEERING | {"support-red", "crm-support"},
        sees=seeing(["callback"], but={"support-red": [], "crm-support": []}),
    ),
    "requestCallback": Row(may=SALES_STEERING, body={"number": "030 654321", "queue": "sales"}),
    "getCallback": Row(may=SALES_STEERING),
    "cancelCallback": Row(may=SALES_STEERING),
    # Calls: the contact, and the agent who talks.
    "transferContact": Row(may=WHOLE_SITE | {"alice", "sales-red"}, body={"to": {"queue": "support"}}),
    "holdContact": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    "sendToMenu": Row(may=WHOLE_SITE | {"alice", "sales-red"}, body={"menu": "main"}),
    "retrieveContact": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    "muteContact": Row(may=WHOLE_SITE | {"alice", "sales-red"}, body={"on": True}),
    "sendDigits": Row(may=WHOLE_SITE | {"alice", "sales-red"}, body={"digits": "1"}),
    "hangUpContact": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    "createConsultation": Row(may=WHOLE_SITE | {"alice", "sales-red"}, body={"agent": "alice"}),
    "addParty": Row(may=WHOLE_SITE | {"alice", "sales-red"}, body={"number": "112"}),
    "muteLeg": Row(may=WHOLE_SITE | {"alice", "sales-red"}, body={"on": True}),
    "clearLeg": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    "alternate": Row(may=HER_SUPERVISION | {"alice"}),
    "withdrawConsultation": Row(may=HER_SUPERVISION | {"alice"}),
    "completeConsultation": Row(may=HER_SUPERVISION | {"alice"}),
    "confer": Row(may=HER_SUPERVISION | {"alice"}),
    # Whoever serves the queue may take what waits there, but for themselves only.
    "listWaitingForAgent": Row(may=HER_SUPERVISION | {"alice"}),
    "parkContact": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    "pickUpContact": Row(may=WHOLE_SITE | {"alice", "sales-red"}, body={"agent": "alice"}),
    "placeCall": Row(may=HER_SUPERVISION | {"alice"}, body={"number": "+493055555555"}),
    # Supervisions of her, by sue: those may see them who may see her, and she, if she is told. Whose it is commands it.
    # An agent who may not see one finds none: 404, as of one that is not there.
    "listSupervisions": Row(may=EVERYBODY, sees=seeing(["supervision"], but={"bob": [], "sales-blue": []})),
    "getSupervision": Row(may=EVERYBODY - {"sales-blue"}),
    "supervise": Row(may=HER_SUPERVISION, body={"of": {"agent": "alice"}}),
    "setSupervisionMode": Row(may=WHOLE_SITE, body={"mode": "barge"}),
    "takeOver": Row(may=WHOLE_SITE),
    "endSupervision": Row(may=WHOLE_SITE),
    "recordContact": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    "pauseRecording": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    "resumeRecording": Row(may=WHOLE_SITE | {"alice", "sales-red"}),
    # Recordings: both the agent and the queue; nobody hears their own as an agent.
    "listRecordings": Row(
        may=SALES_STEERING | {"support-red", "crm-support"},
        sees=seeing(["recording"], but={"support-red": [], "crm-support": [], "sales-blue": []}),
    ),
    "getRecording": Row(may=WHOLE_SITE | {"sales-red", "crm"}),
    "playRecording": Row(may=WHOLE_SITE | {"sales-red", "crm"}),
    "deleteRecording": Row(may=ADMIN),
    # Messages: whom they are for, here whoever serves sales, as both agents do; and who supervises that.
    "listVoicemails": Row(
        may=EVERYBODY,
        sees=seeing(["message"], but={"support-red": [], "crm-support": []}),
    ),
    "getVoicemail": Row(may=SALES_STEERING | {"alice", "bob"}),
    "playVoicemail": Row(may=SALES_STEERING | {"alice", "bob"}),
    "markVoicemail": Row(may=SALES_STEERING - {"crm"} | {"alice", "bob"}, body={"heard": True}),
    "deleteVoicemail": Row(may=SALES_STEERING - {"crm"} | {"alice", "bob"}),
    # Queues: their numbers name nobody.
    "listQueues": Row(
        may=EVERYBODY,
        sees=seeing(
            ["sales", "support"],
            but={
                "sales-red": ["sales"],
                "sales-blue": ["sales"],
                "support-red": ["support"],
                "crm-support": ["support"],
            },
        ),
    ),
    "getQueue": Row(may=EVERYBODY - {"support-red", "crm-support"}),
    "listRecords": Row(
        may=SALES_STEERING | {"support-red", "crm-support"},
        sees=seeing(["record"], but={"support-red": [], "crm-support": []}),
    ),
    "getRecord": Row(may=SALES_STEERING),
    "getStatistics": Row(may=SALES_STEERING - {"crm"}, query="?queue=sales"),
    # Flows: their numbers name nobody, and they are of no queue.
    "listFlows": Row(may=SUPERVISION),
    "getFlow": Row(may=SUPERVISION),
    "getFlowPicture": Row(may=SUPERVISION),
    "getFlowReport": Row(may=SUPERVISION),
    "getFlowReportCsv": Row(may=SUPERVISION),
    "getStaffing": Row(may=SALES_STEERING - {"crm"}, query="?queue=sales"),
    # Coming in, staying in, going.
    "getSignIn": Row(may=EVERYBODY, public=True),
    "signIn": Row(may=EVERYBODY, public=True, body={"username": "nobody", "password": "demo-only-wrong"}),
    "refreshSession": Row(may=EVERYBODY, public=True, body={"refresh_token": "none"}),
    "signOut": Row(may=EVERYBODY),
    "getMe": Row(may=EVERYBODY),
    "listUsers": Row(may=ADMIN),
    "addUser": Row(may=ADMIN, body={"username": "eve", "password": "demo-only-password", "role": "admin"}),
    "getUser": Row(may=ADMIN),
    "changeUser": Row(may=ADMIN, body={"role": "admin"}),
    "removeUser": Row(may=ADMIN),
    "listAudit": Row(may=ADMIN),
    "listWebhooks": Row(may=ADMIN | {"crm", "crm-support"}),
    "getWebhook": Row(may=ADMIN | {"crm", "crm-support"}),
    "enableWebhook": Row(may=ADMIN),
    "listDeadLetters": Row(may=ADMIN | {"crm", "crm-support"}),
    "getDeadLetter": Row(may=ADMIN | {"crm"}),
    "retryDeadLetters": Row(may=ADMIN),
    "retryDeadLetter": Row(may=ADMIN),
    "removeDeadLetter": Row(may=ADMIN),
}
