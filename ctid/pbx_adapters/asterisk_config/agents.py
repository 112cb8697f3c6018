"""Contexts of agents' channels: connected with a caller, waiting for one, asking somebody, recorded."""

from __future__ import annotations

from typing import Final

from ctid.pbx_adapters.ami.commands import (
    AWAIT,
    AWAIT_SECONDS,
    CALLER,
    CONNECT,
    CONSULT,
    HOLD,
    JOIN,
    MUSIC,
    RECALL,
    RECORD,
    RING,
)
from ctid.pbx_adapters.asterisk_config.dialplan import Dialplan

HOLD_SECONDS: Final = 3_600
"""An agent who has forgotten a caller on hold for so long, while no daemon is there to end it, has gone home."""

BEEP: Final = "!1400/200,!0/100,!1400/200,0"
"""Twice, short: an agent is to look at the screen, not to jump."""

ORDER_SECONDS: Final = 1
"""An order of ctid's that was given before a phone was hung up comes within less, from wherever ctid is."""

LOCK_TRIES: Final = 200
"""After two seconds without the lock, which is never held so long, an agent's leg goes on without it."""


def talking(dialplan: Dialplan) -> str:
    """Write where agents talk, or wait."""
    return _TALKING.format(
        connect=CONNECT,
        lock_tries=LOCK_TRIES,
        caller=CALLER,
        wait=AWAIT,
        wait_seconds=AWAIT_SECONDS,
        hold=HOLD,
        recall=RECALL,
        beep=BEEP,
        ring=RING,
        music=MUSIC,
        music_class=dialplan.music_class,
        hold_seconds=HOLD_SECONDS,
        join=JOIN,
        consult=CONSULT,
        order_seconds=ORDER_SECONDS,
        record=RECORD,
    )


def recorded(dialplan: Dialplan) -> str:
    """Write what has an agent's channel recorded."""
    folder = dialplan.recordings.rstrip("/")
    return _RECORDED.format(
        mix_monitor=_MIX_MONITOR.format(record=RECORD, folder=folder) if dialplan.recordings else ""
    )


_TALKING: Final = """\
; An agent's leg that was answered. Bridge() takes any channel whose unique id only begins like the one it is given,
; as 1700000000.25 does like 1700000000.2; so it is given the caller's name, which IMPORT() finds by the whole id.
; Several phones may ring for one caller. The first that is answered has the caller, and is in the caller's group for as
; long as its channel lives; whoever finds somebody there is told that the call was answered elsewhere. Between the look
; and the entry nobody else may look: TRYLOCK() is one step, where LOCK() may let in two who wait. It is one lock for
; all, held for some microseconds, because Asterisk never forgets the name of a lock.
[{connect}]
exten => s,1,Set(CTID_TRIES=0)
 same => n(lock),GotoIf($["${{TRYLOCK({connect})}}" = "1"]?look)
 same => n,Set(CTID_TRIES=$[${{CTID_TRIES}} + 1])
 same => n,GotoIf($[${{CTID_TRIES}} > {lock_tries}]?look)
 same => n,Wait(0.01)
 same => n,Goto(lock)
 same => n(look),GotoIf($[${{GROUP_COUNT(${{{caller}}}@ctid)}} > 0]?lost)
 same => n,Set(GROUP(ctid)=${{{caller}}})
 same => n,Set(CTID_LOCK=${{UNLOCK({connect})}})
 same => n,ExecIf($["${{{record}}}" != ""]?Gosub(ctid-record,s,1))
 same => n,Bridge(${{IMPORT(${{{caller}}},CHANNEL(name))}},F(ctid-after^s^1))
 same => n,Hangup()
 same => n(lost),Hangup(26)

; An agent who answered before their customer is dialled hears it ring.
[{wait}]
exten => s,1,Playtones(ring)
 same => n,ExecIf($["${{{record}}}" != ""]?Gosub(ctid-record,s,1))
 same => n,Wait(${{{wait_seconds}}})
 same => n,Hangup()
; An agent whose caller is on hold by ctid: they hear silence, or it ring at whom they want to ask. Silence is sent, as
; some phones end a call in which nothing comes.
exten => {ring},1,Playtones(ring)
 same => n,Wait({hold_seconds})
 same => n,Hangup()
exten => {hold},1,Playtones(0)
 same => n,Wait({hold_seconds})
 same => n,Hangup()
; The agent is reminded of the caller; what is marked with ! sounds once, and then it is silent as before.
exten => {recall},1,Playtones({beep})
 same => n,Wait({hold_seconds})
 same => n,Hangup()
; Who was asked, while the agent talks to the caller in between.
exten => {music},1,MusicOnHold({music_class},{hold_seconds})
 same => n,Hangup()

; An agent, or whom they have asked, is connected with a caller who waits with ctid; its unique id comes after "to".
[{join}]
exten => _to.,1,ExecIf($["${{{record}}}" != ""]?Gosub(ctid-record,s,1))
 same => n,Bridge(${{IMPORT(${{EXTEN:2}},CHANNEL(name))}},F(ctid-after^s^1))
 same => n,Hangup()

; Somebody whom an agent asks talks to them; the agent's unique id comes after "to". When they hang up, the agent still
; has their caller on hold. When the agent hangs up, the order to connect them with the caller may be on its way.
[{consult}]
exten => _to.,1,Bridge(${{IMPORT(${{EXTEN:2}},CHANNEL(name))}},F({wait}^{hold}^1))
 same => n,Wait({order_seconds})
 same => n,Hangup()

"""

_RECORDED: Final = """\
; An agent's channel is recorded from here to its end, wherever it is moved: what they say, and what they hear. The
; files are whole before its end is told. An Asterisk without MixMonitor() connects the call all the same.
[ctid-record]
exten => s,1,GotoIf($["${{CTID_RECORDED}}" != ""]?done)
 same => n,Set(CTID_RECORDED=1)
{mix_monitor} same => n(done),Return()
exten => stop,1,TryExec(StopMixMonitor())
 same => n,Return()

"""

_MIX_MONITOR: Final = """\
 same => n,Set({record}=${{FILTER(0-9a-z\\-,${{{record}}})}})
 same => n,Set(CHANNEL(hangup_handler_push)=ctid-record,stop,1)
 same => n,TryExec(MixMonitor(,r({folder}/${{{record}}}-agent.sln)t({folder}/${{{record}}}-caller.sln)S))
"""
