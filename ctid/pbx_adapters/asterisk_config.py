"""Asterisk config: what a stock Asterisk needs in its own files to work with ctid. Pure: text out of plain values.

The dialplan is crash-safe: it goes on only when ctid has set ``CTID_NEXT``, and otherwise plays music and asks
again. Asterisk's own ``AGISTATUS`` says ``SUCCESS`` even when the AGI server has died.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from ctid.errors import ConfigError
from ctid.model.events import MACHINE
from ctid.model.supervision import SupervisionMode
from ctid.pbx_adapters.ami.commands import (
    AWAIT,
    AWAIT_SECONDS,
    CALLED,
    CALLER,
    CONFERENCE,
    CONNECT,
    CONSULT,
    HELD,
    HOLD,
    JOIN,
    MODES,
    MUSIC,
    NO_FORWARD,
    OWN_NUMBER,
    PHONE,
    PHONE_CALLS,
    PHONES,
    RECALL,
    RECORD,
    RING,
    ROOM,
    SUPERVISE,
    TRANSFER,
    WAIT,
)
from ctid.pbx_adapters.ami.supervisor import WANTED

Release = Literal["16", "22"]

TRIES_BEFORE_FALLBACK: Final = 60
"""A try without a daemon takes about a second: an update or a restart at another machine has a minute."""

TRIES_BEFORE_HANG_UP: Final = 10
"""The caller has been served already; what is still to come (a survey) is not worth a minute's wait."""

HOLD_SECONDS: Final = 3_600
"""An agent who has forgotten a caller on hold for so long, while no daemon is there to end it, has gone home."""

LEFT_SECONDS: Final = 30
"""A supervisor whose agent has left, while no daemon is there to end it, hears silence for so long."""

ALONE_SECONDS: Final = 1
"""Who is alone in a conference is let go after so long, if nobody has come by then."""

BEEP: Final = "!1400/200,!0/100,!1400/200,0"
"""Twice, short: an agent is to look at the screen, not to jump."""

LOCK_TRIES: Final = 200
"""After two seconds without the lock, which is never held so long, an agent's leg goes on without it."""

SERVED_SECONDS: Final = 5
"""A session that lasted as long was served: the tries begin anew."""

RETURN: Final = "return"
"""The extension that a web phone asks for its call at after its page was loaded anew."""

MOST_FORWARDS: Final = 3
"""From one agent's phone to the next; who calls hears that it is busy if that leads nowhere."""

PHONE_RING_SECONDS: Final = 60
"""How long a colleague's phone rings."""

NUMBER_RING_SECONDS: Final = 60
"""How long a number outside rings before the fallback."""

DIALS: Final = ("DialBegin", "DialEnd")
"""Events of which only those of a channel that calls are wanted; ctid's own originates have none."""

FORWARDS: Final = "DialEnd"
"""The event that tells of a phone that sends its call elsewhere; wanted of ctid's originates too."""

READ_RIGHTS: Final = "call,system"
WRITE_RIGHTS: Final = "call,originate,reporting"
"""Originate and hang-up; channels, devices and status for the snapshot. No commands, no configuration."""

# What would end a line, begin a comment, or be expanded.
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f;\[\]$]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerUser:
    """How ctid logs in at the manager interface.

    Attributes:
        permit: Networks that may.
    """

    name: str
    secret: str
    permit: Sequence[str] = ("127.0.0.1/32",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialplan:
    """What the dialplan has to know.

    Attributes:
        pbx: The name of this PBX in ctid's configuration.
        agi: ``host:port`` of ctid's FastAGI server, as this PBX reaches it.
        fallback_dial: Whom the fallback rings (``PJSIP/reception``); empty for nobody.
        fallback_prompt: What the fallback plays before it hangs up.
        music_class: What callers hear while no daemon is there.
        number_dial: How a number outside is dialled, by agents' phones and for contacts that are sent on to it;
            ``{number}`` stands for it: ``PJSIP/{number}@trunk``. Without it such a contact goes to the fallback, and
            phones reach none.
        phones: Names of the agents' phones, the extensions of which agents' phones reach them: ``1001`` for
            ``PJSIP/1001``.
        recordings: The folder that calls are recorded to, as this PBX sees it; empty if none is.
        emergency_numbers: Numbers that go out before anything else is looked at.
        places: Name of a phone to the number that is shown of it to an emergency service: that of where it really is.
    """

    pbx: str
    agi: str
    fallback_dial: str = ""
    fallback_prompt: str = "tt-allbusy"
    music_class: str = "default"
    number_dial: str = ""
    phones: Sequence[str] = ()
    recordings: str = ""
    emergency_numbers: Sequence[str] = ()
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """An agent's phone.

    Attributes:
        name: User name and resource: ``1001`` is the device ``PJSIP/1001``.
        password: For registering.
        context: Where its own calls go.
    """

    name: str
    password: str
    context: str = "ctid-phones"


def manager_conf(user: ManagerUser, release: Release) -> str:
    """Write the manager user, with the least rights and only the events that ctid reads.

    Raises:
        ConfigError: A value would break out of its line.
    """
    refuse_unsafe("manager user", user.name, user.secret, *user.permit)
    lines = [
        "; In [general] of manager.conf: enabled=yes and timestampevents=yes.",
        f"[{user.name}]",
        f"secret={user.secret}",
        "deny=0.0.0.0/0.0.0.0",
        *(f"permit={network}" for network in user.permit),
        f"read={READ_RIGHTS}",
        f"write={WRITE_RIGHTS}",
        "; Asterisk cuts off whoever does not read for so long, and repeats nothing.",
        "writetimeout=5000",
        *_event_filters(release),
    ]
    return "\n".join(lines) + "\n"


def extensions_conf(dialplan: Dialplan) -> str:
    """Write the contexts that inbound trunks and ctid's own originates use.

    Raises:
        ConfigError: A value would break out of its line.
    """
    refuse_unsafe(
        "dialplan",
        dialplan.pbx,
        dialplan.agi,
        dialplan.fallback_dial,
        dialplan.fallback_prompt,
        dialplan.music_class,
        dialplan.number_dial,
        dialplan.recordings,
        *dialplan.phones,
        *dialplan.emergency_numbers,
        *dialplan.places,
        *dialplan.places.values(),
    )
    if dialplan.number_dial and dialplan.number_dial.count("{number}") != 1:
        raise ConfigError([f"dialplan: {dialplan.number_dial!r} must hold {{number}} once: PJSIP/{{number}}@trunk"])
    number = dialplan.number_dial.replace("{number}", "${CTID_TARGET}")
    return _EXTENSIONS.format(
        waiting=_ask("in", dialplan, TRIES_BEFORE_FALLBACK, "ctid-fallback,s,1"),
        held=HELD,
        held_length=len(HELD),
        after=_ask("after", dialplan, TRIES_BEFORE_HANG_UP, "bye"),
        dial=f" same => n,Dial({dialplan.fallback_dial},60)\n" if dialplan.fallback_dial else "",
        prompt=dialplan.fallback_prompt,
        number=f" same => n,Dial({number},{NUMBER_RING_SECONDS})\n" if number else "",
        connect=CONNECT,
        lock_tries=LOCK_TRIES,
        caller=CALLER,
        no_forward=NO_FORWARD,
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
        conference=CONFERENCE,
        alone_seconds=ALONE_SECONDS,
        supervise=SUPERVISE,
        modes="".join(_SPY.format(mode=MODES[mode], length=len(MODES[mode]), options=_SPIES[mode]) for mode in MODES),
        room=ROOM,
        room_length=len(ROOM),
        supervisor_waits=WAIT,
        left_seconds=LEFT_SECONDS,
        called=CALLED,
        transfer=TRANSFER,
        sent_on=_ask("transfer", dialplan, TRIES_BEFORE_FALLBACK, "ctid-fallback,s,1"),
        undelivered=_ask(
            "undelivered",
            dialplan,
            TRIES_BEFORE_FALLBACK,
            "ctid-fallback,s,1",
            ",cause=${DIALSTATUS},q850=${HANGUPCAUSE}",
        ),
        phones=PHONES,
        emergency="".join(_emergency(each, dialplan.number_dial) for each in dialplan.emergency_numbers if number),
        places="".join(_PLACE.format(phone=phone, number=each) for phone, each in dialplan.places.items()),
        inside="".join(_phone_call(name) for name in dialplan.phones),
        most_forwards=MOST_FORWARDS,
        outside=_own_call("_[0-9*#+]!", dialplan.number_dial.replace("{number}", "${FILTER(0-9+*#,${EXTEN})}"))
        if number
        else "",
        machine=MACHINE,
        record=RECORD,
        mix_monitor=_mix_monitor(dialplan.recordings) if dialplan.recordings else "",
        back=RETURN,
    )


def pjsip_conf(phones: Sequence[Phone]) -> str:
    """Write the endpoints of the agents' phones.

    Raises:
        ConfigError: A value would break out of its line.
    """
    for phone in phones:
        refuse_unsafe(f"phone {phone.name}", phone.name, phone.password, phone.context)
    return "\n".join(_PHONE.format(name=phone.name, password=phone.password, context=phone.context) for phone in phones)


def fragments(
    user: ManagerUser, dialplan: Dialplan, phones: Sequence[Phone], release: Release = "22"
) -> dict[str, str]:
    """Write all fragments, by the name of the file they belong to.

    Raises:
        ConfigError: A value would break out of its line.
    """
    return {
        "manager.conf": manager_conf(user, release),
        "extensions.conf": extensions_conf(dialplan),
        "pjsip.conf": pjsip_conf(phones),
    }


def _event_filters(release: Release) -> list[str]:
    names = sorted(WANTED.difference(DIALS))
    match release:
        case "22":
            return [
                *(f"eventfilter(action(include),name({name})) =" for name in names),
                *(f"eventfilter(action(include),name({name}),header(Channel),method(contains)) = /" for name in DIALS),
                f"eventfilter(action(include),name({FORWARDS}),header(Forward),method(regex)) = .",
            ]
        case "16":
            # A regular expression over the whole event; the two dots are the line break behind the name.
            return [
                f"eventfilter=^Event: ({'|'.join(names)})..Privilege: ",
                f"eventfilter=^Event: ({'|'.join(DIALS)})..Privilege: .*[[:space:]]Channel: ",
                f"eventfilter=^Event: {FORWARDS}..Privilege: .*[[:space:]]Forward: ",
            ]


def _ask(script: str, dialplan: Dialplan, tries: int, otherwise: str, more: str = "") -> str:
    return _ASK.format(
        more=more,
        script=script,
        agi=dialplan.agi,
        pbx=dialplan.pbx,
        tries=tries,
        otherwise=otherwise,
        served=SERVED_SECONDS,
        music=dialplan.music_class,
    )


def _mix_monitor(folder: str) -> str:
    return _MIX_MONITOR.format(record=RECORD, folder=folder.rstrip("/"))


def _own_call(extension: str, dialled: str, first: str = "") -> str:
    return _OWN_CALL.format(extension=extension, dialled=dialled, first=first, own_number=OWN_NUMBER, transfer=TRANSFER)


def _phone_call(name: str) -> str:
    settings = _SETTINGS.format(calls=PHONE_CALLS, name=name)
    return _own_call(name, f"PJSIP/{name},{PHONE_RING_SECONDS}", settings)


def _emergency(number: str, number_dial: str) -> str:
    return _EMERGENCY.format(number=number, phone=PHONE, dialled=number_dial.replace("{number}", number))


def refuse_unsafe(what: str, *values: str) -> None:
    """Refuse values that would end their line, begin a comment or be expanded.

    Raises:
        ConfigError: With every such value.
    """
    faults = [f"{what}: {value!r} cannot stand in an Asterisk file" for value in values if _UNSAFE.search(value)]
    if faults:
        raise ConfigError(faults)


_ASK: Final = """\
exten => {script},1,Set(CTID_MUSIC=)
 same => n(begin),Set(CTID_NEXT=)
 same => n,Set(CTID_TRIES=0)
 same => n(ask),Set(CTID_ASKED=${{EPOCH}})
 same => n,AGI(agi://{agi}/{script},pbx={pbx},dnis=${{CTID_DNIS}},ctid_music=${{CTID_MUSIC}}{more})
 same => n,Set(CTID_MUSIC=)
 same => n,GotoIf($["${{CTID_NEXT}}" = "hangup"]?bye)
 same => n,GotoIf($["${{CTID_NEXT}}" = "fallback"]?ctid-fallback,s,1)
 same => n,GotoIf($["${{CTID_NEXT}}" = "number"]?ctid-number,s,1)
 same => n,GotoIf($["${{CTID_NEXT}}" = "given"]?ctid-given,s,1)
 same => n,GotoIf($["${{CTID_NEXT}}" = "voicemail"]?ctid-voicemail,s,1)
 same => n,GotoIf($["${{CTID_NEXT}}" = "phone"]?ctid-phones,${{CTID_TARGET}},1)
 same => n,GotoIf($["${{CTID_NEXT}}" = "phones"]?ctid-phones,${{CTID_DNIS}},1)
 same => n,Set(CTID_TRIES=${{IF($[${{EPOCH}} - ${{CTID_ASKED}} > {served}]?0:$[${{CTID_TRIES}} + 1])}})
 same => n,GotoIf($[${{CTID_TRIES}} >= {tries}]?{otherwise})
 same => n,Answer()
 same => n,MusicOnHold({music},1)
 same => n,Goto(ask)
 same => n(bye),Hangup()
"""

_EXTENSIONS: Final = """\
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
; has their caller on hold.
[{consult}]
exten => _to.,1,Bridge(${{IMPORT(${{EXTEN:2}},CHANNEL(name))}},F({wait}^{hold}^1))
 same => n,Hangup()

; Caller, agent, whom they asked and whom they called in. When the last of the staff has left, the caller is taken out,
; too. Whoever leaves looks who is still there: one who is alone is let go, unless others were just about to come. What
; becomes of a caller who is left alone, ctid says: they may have been given on in that very moment.
[{conference}]
exten => _staff.,1,Set(CTID_ENTERED=${{EXTEN}})
 same => n,Set(CTID_ROOM=ctid-${{EXTEN:5}})
 same => n,Set(CONFBRIDGE(user,marked)=yes)
 same => n,Set(CONFBRIDGE(user,quiet)=yes)
 same => n,Set(CONFBRIDGE(user,announce_only_user)=no)
 same => n,ExecIf($["${{{record}}}" != ""]?Gosub(ctid-record,s,1))
 same => n,ConfBridge(${{CTID_ROOM}})
 same => n,Hangup()
exten => _caller.,1,Set(CTID_ENTERED=${{EXTEN}})
 same => n,Set(CTID_ROOM=ctid-${{EXTEN:6}})
 same => n,Set(CONFBRIDGE(user,end_marked)=yes)
 same => n,Set(CONFBRIDGE(user,quiet)=yes)
 same => n,Set(CONFBRIDGE(user,announce_only_user)=no)
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
; be heard next, ctid says; without ctid the supervisor is let go after a while.
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
; An agent's channel is recorded from here to its end, wherever it is moved: what they say, and what they hear. The
; files are whole before its end is told. An Asterisk without MixMonitor() connects the call all the same.
[ctid-record]
exten => s,1,GotoIf($["${{CTID_RECORDED}}" != ""]?done)
 same => n,Set(CTID_RECORDED=1)
{mix_monitor} same => n(done),Return()
exten => stop,1,TryExec(StopMixMonitor())
 same => n,Return()

; A customer who was called back and has answered: to the agent who waits, or, if there is none (any more), to ctid.
[{called}]
exten => agent,1,Bridge(${{IMPORT(${{{caller}}},CHANNEL(name))}},x)
 same => n,GotoIf($["${{BRIDGERESULT}}" = "SUCCESS"]?ctid-after,s,1)
 same => n,Goto(ctid-ask,in,1)
exten => s,1,Goto(ctid-ask,in,1)
exten => machine,1,AMD()
 same => n,GotoIf($["${{AMDSTATUS}}" != "MACHINE"]?s,1)
 same => n,Hangup({machine})

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

_MIX_MONITOR: Final = """\
 same => n,Set({record}=${{FILTER(0-9a-z\\-,${{{record}}})}})
 same => n,Set(CHANNEL(hangup_handler_push)=ctid-record,stop,1)
 same => n,TryExec(MixMonitor(,r({folder}/${{{record}}}-agent.sln)t({folder}/${{{record}}}-caller.sln)S))
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

_SPIES: Final = {
    SupervisionMode.MONITOR: "quES",
    SupervisionMode.WHISPER: "quESw",
    SupervisionMode.BARGE: "quESB",
}

_SPY: Final = """\
exten => _{mode}.,1,Set(CTID_SPIED=${{IMPORT(${{EXTEN:{length}}},CHANNEL(name))}})
 same => n,GotoIf($["${{CTID_SPIED}}" = ""]?left,1)
 same => n,ChanSpy(${{CTID_SPIED}},{options})
 same => n,Goto(left,1)
"""

_PHONE: Final = """\
[{name}]
type=endpoint
context={context}
disallow=all
allow=ulaw,alaw
direct_media=no
auth={name}
aors={name}
[{name}]
type=auth
auth_type=userpass
username={name}
password={password}
[{name}]
type=aor
max_contacts=1
remove_existing=yes
qualify_frequency=30
"""
