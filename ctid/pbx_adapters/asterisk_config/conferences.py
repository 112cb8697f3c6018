"""Contexts of conferences, and of supervisors, who hear agents or take part."""

from __future__ import annotations

from typing import Final

from ctid.model.supervision import SupervisionMode
from ctid.pbx_adapters.ami.commands import CONFERENCE, MODES, RECORD, ROOM, SUPERVISE, WAIT
from ctid.pbx_adapters.asterisk_config.agents import HOLD_SECONDS

LEFT_SECONDS: Final = 30
"""A supervisor whose agent has left, while no daemon is there to end it, hears silence for so long."""

ALONE_SECONDS: Final = 1
"""Who is alone in a conference is let go after so long, if nobody has come by then."""


def conferences() -> str:
    """Write where caller, agent and others talk, and where supervisors are."""
    return _CONFERENCES.format(
        conference=CONFERENCE,
        record=RECORD,
        alone_seconds=ALONE_SECONDS,
        supervise=SUPERVISE,
        modes="".join(_SPY.format(mode=MODES[mode], length=len(MODES[mode]), options=_SPIES[mode]) for mode in MODES),
        room=ROOM,
        room_length=len(ROOM),
        supervisor_waits=WAIT,
        hold_seconds=HOLD_SECONDS,
        left_seconds=LEFT_SECONDS,
    )


_CONFERENCES: Final = """\
; Caller, agent, whom they asked and whom they called in. When the last of the staff has left, the caller is taken out,
; too. Whoever leaves looks who is still there: one who is alone is let go, unless others were just about to come. What
; becomes of a caller who is left alone, ctid says: they may have been given on in that very moment. Whoever has been
; alone, or on hold, hears nobody as long as silence or music is made for them.
[{conference}]
exten => _staff.,1,Set(CTID_ENTERED=${{EXTEN}})
 same => n,Set(CTID_ROOM=ctid-${{EXTEN:5}})
 same => n,Set(CONFBRIDGE(user,marked)=yes)
 same => n,Set(CONFBRIDGE(user,quiet)=yes)
 same => n,Set(CONFBRIDGE(user,announce_only_user)=no)
 same => n,ExecIf($["${{{record}}}" != ""]?Gosub(ctid-record,s,1))
 same => n,StopPlayTones()
 same => n,ConfBridge(${{CTID_ROOM}})
 same => n,Hangup()
exten => _caller.,1,Set(CTID_ENTERED=${{EXTEN}})
 same => n,Set(CTID_ROOM=ctid-${{EXTEN:6}})
 same => n,Set(CONFBRIDGE(user,end_marked)=yes)
 same => n,Set(CONFBRIDGE(user,quiet)=yes)
 same => n,Set(CONFBRIDGE(user,announce_only_user)=no)
 same => n,StopPlayTones()
 same => n,StopMusicOnHold()
 same => n,ConfBridge(${{CTID_ROOM}})
 same => n,Goto(ctid-after,s,1)
exten => h,1,Gosub(left,1)
exten => left,1,GotoIf($["${{CTID_ROOM}}" = ""]?done)
 same => n,GotoIf($["${{CONFBRIDGE_INFO(parties,${{CTID_ROOM}})}}" != "1"]?done)
 same => n,ChannelRedirect(${{CONFBRIDGE_CHANNELS(parties,${{CTID_ROOM}})}},{conference},alone,1)
 same => n(done),Return()
exten => alone,1,Playtones(0)
 same => n,Wait({alone_seconds})
 same => n,GotoIf($["${{CONFBRIDGE_INFO(parties,${{CTID_ROOM}})}}" != "0"]?${{CTID_ENTERED}},1)
 same => n,GotoIf($["${{CTID_ENTERED:0:6}}" = "caller"]?ctid-after,s,1)
 same => n,Hangup()

; A supervisor hears an agent, whose channel's unique id comes after the mode. ChanSpy() would take any channel whose
; name begins like the one it is given, and for no name any channel at all; so it is given the whole name and told that
; it is one (u). It says nothing (q), and ends with the agent's channel, or at once if there is none (E, S). What is to
; be heard next, ctid says; without ctid the supervisor is let go after a while. Keys of their phone choose nothing: it
; would go on to another channel by *, were it not told that this is D, a key that phones do not have; and by a number
; and # it ends, with a result that would hang up the channel, were it not for TryExec().
[{supervise}]
{modes}exten => {supervisor_waits},1,Gosub({conference},left,1)
 same => n,Playtones(0)
 same => n,Wait({hold_seconds})
 same => n,Hangup()
exten => left,1,Gosub({conference},left,1)
 same => n,Playtones(0)
 same => n,Wait({left_seconds})
 same => n,Hangup()
; In a conference there is no single other side to speak to, so they take part in it, as long as any of the staff does.
exten => _{room}.,1,Set(CTID_ENTERED=${{EXTEN}})
 same => n,Set(CTID_ROOM=ctid-${{EXTEN:{room_length}}})
 same => n,Set(CONFBRIDGE(user,end_marked)=yes)
 same => n,Set(CONFBRIDGE(user,quiet)=yes)
 same => n,Set(CONFBRIDGE(user,announce_only_user)=no)
 same => n,ConfBridge(${{CTID_ROOM}})
 same => n,Goto(left,1)
exten => h,1,Gosub({conference},left,1)
"""

_SPIES: Final = {
    SupervisionMode.MONITOR: "quESc(D)",
    SupervisionMode.WHISPER: "quESc(D)w",
    SupervisionMode.BARGE: "quESc(D)B",
}

_SPY: Final = """\
exten => _{mode}.,1,Set(CTID_SPIED=${{IMPORT(${{EXTEN:{length}}},CHANNEL(name))}})
 same => n,GotoIf($["${{CTID_SPIED}}" = ""]?left,1)
 same => n,TryExec(ChanSpy(${{CTID_SPIED}},{options}))
 same => n,GotoIf($["${{TRYSTATUS}}" = "SUCCESS"]?left,1)
 same => n,Wait(0.1)
 same => n,Goto(1)
"""
