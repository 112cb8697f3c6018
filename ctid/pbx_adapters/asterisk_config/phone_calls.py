"""Contexts of what agents' phones do themselves: dial, forward, send on by REFER."""

from __future__ import annotations

from typing import Final

from ctid.pbx_adapters.ami.commands import NO_FORWARD, OWN_NUMBER, PHONE, PHONE_CALLS, PHONES, TRANSFER
from ctid.pbx_adapters.asterisk_config.dialplan import Dialplan

RETURN: Final = "return"
"""The extension that a web phone asks for its call at after its page was loaded anew."""

MOST_FORWARDS: Final = 3
"""From one agent's phone to the next; who calls hears that it is busy if that leads nowhere."""

PHONE_RING_SECONDS: Final = 60
"""How long a colleague's phone rings."""


def phone_calls(dialplan: Dialplan) -> str:
    """Write what becomes of the calls of agents' phones."""
    dial = dialplan.number_dial
    return _PHONE_CALLS.format(
        no_forward=NO_FORWARD,
        transfer=TRANSFER,
        phones=PHONES,
        back=RETURN,
        emergency="".join(_emergency(each, dial) for each in dialplan.emergency_numbers if dial),
        inside="".join(_inside(name) for name in dialplan.phones),
        outside=_own_call("_[0-9*#+]!", dial.replace("{number}", "${FILTER(0-9+*#,${EXTEN})}")) if dial else "",
        most_forwards=MOST_FORWARDS,
        places="".join(_PLACE.format(phone=phone, number=each) for phone, each in dialplan.places.items()),
    )


def _own_call(extension: str, dialled: str, first: str = "") -> str:
    return _OWN_CALL.format(extension=extension, dialled=dialled, first=first, own_number=OWN_NUMBER, transfer=TRANSFER)


def _inside(name: str) -> str:
    settings = _SETTINGS.format(calls=PHONE_CALLS, name=name)
    return _own_call(name, f"PJSIP/{name},{PHONE_RING_SECONDS}", settings)


def _emergency(number: str, number_dial: str) -> str:
    return _EMERGENCY.format(number=number, phone=PHONE, dialled=number_dial.replace("{number}", number))


_PHONE_CALLS: Final = """\
; An agent's phone that forwards is told no: a contact rings at its agent, or at the next one.
[{no_forward}]
exten => _[0-9a-zA-Z*#+]!,1,Hangup(21)

; Whom an agent's phone sends on by REFER comes to ctid, which knows what the extension means. Who is none of ctid's
; goes on as if the phone had dialled for them. The phone is told of success by the first sound that is sent to the
; caller, so a moment of silence is, or else an agent who answers at once would make that a 503.
[{transfer}]
exten => _[0-9a-zA-Z*#+]!,1,Set(CTID_DNIS=${{FILTER(0-9a-zA-Z*#+._\\-,${{EXTEN}})}})
 same => n,Playtones(0)
 same => n,Wait(0.06)
 same => n,StopPlaytones()
 same => n,Goto(ctid-ask,transfer,1)

; What agents dial themselves: each other, and numbers outside just as they are, an emergency number too.
[{phones}]
; A page that was loaded anew asks for its call here (INVITE with Replaces). Without one there is nothing to get.
exten => {back},1,Hangup()
{emergency}{inside}{outside}
; A phone that is set not to ring, or to have its calls go to a number. A global variable tells, so it is so without
; ctid as well, as long as Asterisk is not started anew.
[ctid-set]
exten => s,1,Set(__CTID_FORWARDED=$[0${{CTID_FORWARDED}} + 1])
 same => n,GotoIf($["${{CTID_CALLS}}" = "dnd" | ${{CTID_FORWARDED}} > {most_forwards}]?busy)
 same => n,Goto({phones},${{FILTER(0-9+*#,${{CTID_CALLS}})}},1)
 same => n(busy),Hangup(17)
; What is shown of a phone to an emergency service: the number of where it really is.
[ctid-places]
{places}"""

_EMERGENCY: Final = """\
; An emergency number: nothing is asked of anybody, and no number that somebody chose is shown.
exten => {number},1,ExecIf($["${{CHANNEL(channeltype)}}" = "PJSIP"]?Set({phone}=${{CHANNEL(endpoint)}}))
 same => n,GosubIf($[${{DIALPLAN_EXISTS(ctid-places,${{{phone}}},1)}}]?ctid-places,${{{phone}}},1)
 same => n,Dial({dialled})
 same => n,Hangup()
"""

_PLACE: Final = """\
exten => {phone},1,Set(CALLERID(num)={number})
 same => n,Return()
"""

_OWN_CALL: Final = """\
exten => {extension},1,ExecIf($["${{{own_number}}}" != ""]?Set(CALLERID(num)=${{{own_number}}}))
{first} same => n,Set(__TRANSFER_CONTEXT={transfer})
 same => n,Dial({dialled})
 same => n,Hangup()
"""

_SETTINGS: Final = """\
 same => n,Set(CTID_CALLS=${{GLOBAL({calls}{name})}})
 same => n,GotoIf($["${{CTID_CALLS}}" != ""]?ctid-set,s,1)
"""
