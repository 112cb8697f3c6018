"""Contexts of callers: where they come in, wait in ctid's hands, come back, and are sent on to."""

from __future__ import annotations

from typing import Final

from ctid.model.events import MACHINE
from ctid.pbx_adapters.ami.commands import CALLED, CALLER, HELD
from ctid.pbx_adapters.asterisk_config.asking import TRIES_BEFORE_FALLBACK, ask
from ctid.pbx_adapters.asterisk_config.dialplan import Dialplan

TRIES_BEFORE_HANG_UP: Final = 10
"""The caller has been served already; what is still to come (a survey) is not worth a minute's wait."""

NUMBER_RING_SECONDS: Final = 60
"""How long a number outside rings before the fallback."""


def coming(dialplan: Dialplan) -> str:
    """Write where callers come in, and wait."""
    return _COMING.format(
        waiting=ask("in", dialplan, TRIES_BEFORE_FALLBACK, "ctid-fallback,s,1"),
        held=HELD,
        held_length=len(HELD),
        after=ask("after", dialplan, TRIES_BEFORE_HANG_UP, "bye"),
        sent_on=ask("transfer", dialplan, TRIES_BEFORE_FALLBACK, "ctid-fallback,s,1"),
        undelivered=ask(
            "undelivered",
            dialplan,
            TRIES_BEFORE_FALLBACK,
            "ctid-fallback,s,1",
            ",cause=${DIALSTATUS},q850=${HANGUPCAUSE}",
        ),
    )


def called_back() -> str:
    """Write where customers are who were called back."""
    return _CALLED_BACK.format(called=CALLED, caller=CALLER, machine=MACHINE)


def leaving(dialplan: Dialplan) -> str:
    """Write where callers come to after a talk, and where those go whom ctid lets go."""
    number = dialplan.number_dial.replace("{number}", "${CTID_TARGET}")
    return _LEAVING.format(
        dial=f" same => n,Dial({dialplan.fallback_dial},60)\n" if dialplan.fallback_dial else "",
        prompt=dialplan.fallback_prompt,
        number=f" same => n,Dial({number},{NUMBER_RING_SECONDS})\n" if number else "",
    )


_COMING: Final = """\
; Point inbound trunks at the context ctid-in.
[ctid-in]
exten => _X!,1,Set(CTID_DNIS=${{FILTER(0-9+*#,${{EXTEN}})}})
 same => n,Goto(ctid-ask,in,1)
exten => _+X!,1,Set(CTID_DNIS=${{FILTER(0-9+*#,${{EXTEN}})}})
 same => n,Goto(ctid-ask,in,1)
exten => s,1,Goto(ctid-ask,in,1)

; The caller waits here, in ctid's hands. CTID_NEXT is set by ctid alone, before it ends a session in earnest.
[ctid-ask]
{waiting}
; On hold: music at once, of the class that comes after "held"; ctid is told what plays, and does not begin it anew.
exten => _{held}.,1,Set(CTID_MUSIC=${{EXTEN:{held_length}}})
 same => n,StartMusicOnHold(${{CTID_MUSIC}})
 same => n,Goto(in,begin)

{after}
{sent_on}
{undelivered}
"""

_CALLED_BACK: Final = """\
; A customer who was called back and has answered: to the agent who waits, or, if there is none (any more), to ctid.
[{called}]
exten => agent,1,Bridge(${{IMPORT(${{{caller}}},CHANNEL(name))}},x)
 same => n,GotoIf($["${{BRIDGERESULT}}" = "SUCCESS"]?ctid-after,s,1)
 same => n,Goto(ctid-ask,in,1)
exten => s,1,Goto(ctid-ask,in,1)
exten => machine,1,AMD()
 same => n,GotoIf($["${{AMDSTATUS}}" != "MACHINE"]?s,1)
 same => n,Hangup({machine})

"""

_LEAVING: Final = """\
; The caller comes here when the agent's leg is gone.
[ctid-after]
exten => s,1,Goto(ctid-ask,after,1)

; Nobody routes the call any more.
[ctid-fallback]
exten => s,1,Answer()
{dial} same => n,Playback({prompt})
 same => n,Hangup()

; A contact was sent on to a number. What could be more than a number is taken out of it. An outside line that is busy,
; does not answer or is not configured leads to the fallback.
[ctid-number]
exten => s,1,Set(CTID_TARGET=${{FILTER(0-9+*#,${{CTID_TARGET}})}})
{number} same => n,Goto(ctid-fallback,s,1)

; An agent has given a contact on to a number. One that does not answer brings it back.
[ctid-given]
exten => s,1,Set(CTID_TARGET=${{FILTER(0-9+*#,${{CTID_TARGET}})}})
{number} same => n,Goto(ctid-ask,undelivered,1)

; A contact was sent on to a mailbox. One that is not there, or an Asterisk without VoiceMail(), leads to the fallback.
[ctid-voicemail]
exten => s,1,Answer()
 same => n,TryExec(VoiceMail(${{FILTER(0-9a-zA-Z@_\\-,${{CTID_TARGET}})}},u))
 same => n,GotoIf($["${{TRYSTATUS}}" != "SUCCESS" | "${{VMSTATUS}}" = "FAILED"]?ctid-fallback,s,1)
 same => n,Hangup()

"""
