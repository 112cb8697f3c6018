"""Control latency: how soon what an agent asks for over REST has happened at the PBX.

All the while 20 calls a second come in from SIPp, are answered by SIPp at agents with a desktop, and talk, with audio
both ways. Beside them ten other agents ask, each 0.2 to 0.6 s after what they last asked for was done, which is load
as well, for

- *make call*: ``POST /v1/agents/{id}/calls`` until the INVITE is at the agent's phone, stamped at its socket;
- *hold*: ``POST /v1/contacts/{id}/hold`` until the caller hears music, ``MusicOnHoldStart`` of the caller's channel;
- *retrieve*: ``POST /v1/contacts/{id}/retrieve`` until both are in one bridge, the second ``BridgeEnter``.

It begins when the client is told to ask; the two events' times are the stamps that Asterisk gives them, read from a
manager connection of their own. Beside it, *bare*, in the same seconds and so under the same load: the AMI action that
does this (``Originate``, ``Redirect`` with ``ExtraChannel``, ``Redirect``), sent by a bare socket, for phones and
callers that ctid has no part in, into the same dialplan. It asks nobody, keeps nothing and tells no desktop: what no
program behind AMI beats. The music comes straight from the dialplan for both. The ratios are ctid's time by the bare
one, so less is better.

SIPp and its phones stand for other machines, but take from the same processors. So Asterisk, ctid and what measures go
before them as docs/asterisk.md advises, if the system lets them; *who_goes_first* tells. Beside it stands for how much
of the time ctid had a processor, and for how much it could have run but had none.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import uvloop

from benchmarks.event_to_desktop import CALLS_PER_SECOND, TALK_MS, WARM_UP_SECONDS, Desktops, run_module
from benchmarks.phones import Phones
from benchmarks.pressure import goes_first, of_process, waited
from benchmarks.spread import spread
from ctid.pbx_adapters.ami.commands import AWAIT, HOLD, JOIN, MUSIC
from ctid.pbx_adapters.asterisk_config import ManagerUser, manager_conf
from sip_test_rig.ami_recorder import AmiClient, AmiMessage
from sip_test_rig.asterisk_config import DEMO_AMI_SECRET, Endpoint, manager_user, pjsip_endpoint
from sip_test_rig.desktop import Desktop
from sip_test_rig.eventually import eventually
from sip_test_rig.sipp import Sipp
from sip_test_rig.site import RigSite

SECONDS: Final = 45.0
ACTS: Final = ("make_call", "hold", "retrieve")
LOAD: Final = [str(number) for number in range(1001, 1101)]
TALKERS: Final = {"ctid": [str(number) for number in range(1201, 1207)], "bare": [f"2{n}" for n in range(201, 207)]}
DIALLERS: Final = {"ctid": [str(number) for number in range(1301, 1305)], "bare": [f"2{n}" for n in range(301, 305)]}
LOAD_NUMBER: Final = "310"
TALKS_NUMBER: Final = {"ctid": "320", "bare": "321"}

BARE_CALLER: Final = "+12025550199"
DIALLED: Final = "9999"
PAUSE_S: Final = (0.2, 0.6)
"""Between two orders of one agent; without it all would keep time with the callers."""

_MUSIC: Final = f"""\
[from-carrier](+)
exten => {TALKS_NUMBER["bare"]},1,Answer()
 same => n,MusicOnHold(default)
[internal]"""
_PATIENCE_S: Final = 20.0
_LONG_S: Final = 3_600.0


def main() -> None:
    """Measure and print."""
    print(json.dumps(uvloop.run(measure())))


async def measure() -> dict[str, Any]:
    """Run the load and all orders, and tell the figures in milliseconds."""
    async with _running() as bench:
        first = (
            goes_first(bench.site.pbx.pid)
            and goes_first(bench.site.ctid.pid)
            and goes_first(os.getpid(), with_offspring=False)
        )
        began, before, (used_s, queued_s) = time.monotonic(), waited(), of_process(bench.site.ctid.pid)
        durations = await bench.run()
        took = time.monotonic() - began
        starved, (used, queued) = (waited() - before) / took, of_process(bench.site.ctid.pid)
    figures = {f"{act}_{side}": spread(durations[act, side]) for act in ACTS for side in TALKERS}
    for name, figure in figures.items():
        print(f"{name:18} {figure}")
    ratios = {
        f"{act}_ratio_{cut}": round(figures[f"{act}_ctid"][cut] / figures[f"{act}_bare"][cut], 2)
        for cut in ("p50", "p99")
        for act in ACTS
    }
    slowest = max(ACTS, key=lambda act: float(figures[f"{act}_ctid"]["p99"]))
    return {
        "name": "control_latency",
        "ours": figures[f"{slowest}_ctid"]["p99"],
        "peer": figures[f"{slowest}_bare"]["p99"],
        "peer_name": "the AMI action alone, by a bare socket, in the same seconds",
        "unit": f"ms from the order to its effect at the PBX, 99th percentile, of the slowest ({slowest})",
        "ratio": ratios[f"{slowest}_ratio_p99"],
        **{f"{act}_ms": figures[f"{act}_ctid"]["p99"] for act in ACTS},
        **ratios,
        "who_goes_first": "Asterisk, ctid, what measures" if first else "nobody: the system forbids it",
        "load_average": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "time_with_somebody_waiting_for_a_processor": f"{starved:.0%}",
        "time_ctid_had_a_processor": f"{(used - used_s) / took:.0%}",
        "time_ctid_waited_for_a_processor": f"{(queued - queued_s) / took:.0%}",
        "figures": figures,
    }


@dataclass(frozen=True, slots=True)
class Talk:
    """A caller and an agent who talk as long as the benchmark runs.

    Attributes:
        phone: The agent's.
        caller: Unique id of the caller's channel.
        agent: Unique id of the agent's channel.
    """

    phone: str
    caller: str
    agent: str


class Side(Protocol):
    """One way to give orders."""

    async def make_call(self, phone: str) -> None:
        """Have a phone rung, for whom it belongs to calls somebody."""

    async def drop_call(self, phone: str) -> None:
        """End the call while the phone rings; give back when another one may be made."""

    async def hold(self, talk: Talk) -> None:
        """Have the caller hear music, and the agent nothing."""

    async def retrieve(self, talk: Talk) -> None:
        """Bring them together again."""

    async def talks_again(self, talk: Talk) -> None:
        """Wait until whoever gives orders knows that they are together: on a busy machine that may be long after."""


class Rest:
    """Orders at ctid, each by the desktop of its agent."""

    def __init__(self, desktops: dict[str, Desktop]) -> None:
        self._desktops = desktops
        self._contacts: dict[str, str] = {}

    async def talks(self, phone: str) -> None:
        """Wait until the agent has their caller."""
        found = await self._desktops[phone].wait("contact.connected")
        self._contacts[phone] = found["data"]["contact"]["id"]

    async def make_call(self, phone: str) -> None:
        answer = await self._desktops[phone].request("POST", f"/v1/agents/agent-{phone}/calls", {"number": DIALLED})
        self._contacts[phone] = answer["contact"]["id"]

    async def drop_call(self, phone: str) -> None:
        contact_id = self._contacts[phone]
        await self._desktops[phone].request("POST", f"/v1/contacts/{contact_id}/hang-up")
        await self._desktops[phone].wait(
            "contact.closed", lambda event: bool(event["data"]["contact"]["id"] == contact_id)
        )

    async def hold(self, talk: Talk) -> None:
        await self._desktops[talk.phone].request("POST", f"/v1/contacts/{self._contacts[talk.phone]}/hold")

    async def retrieve(self, talk: Talk) -> None:
        await self._desktops[talk.phone].request("POST", f"/v1/contacts/{self._contacts[talk.phone]}/retrieve")

    async def talks_again(self, talk: Talk) -> None:
        await self._desktops[talk.phone].wait("leg.retrieved")


class Bare:
    """Orders straight to Asterisk."""

    def __init__(self, ami: AmiClient) -> None:
        self._ami = ami
        self._ids = itertools.count(1)
        self._calls: dict[str, str] = {}

    async def connect(self, phone: str, caller: str) -> None:
        """Have a phone rung that talks to the caller once it is answered."""
        await self._originate(phone, JOIN, f"to{caller}")

    async def make_call(self, phone: str) -> None:
        self._calls[phone] = await self._originate(phone, AWAIT, "s")

    async def drop_call(self, phone: str) -> None:
        await self._ami.action("Hangup", Channel=self._calls[phone])

    async def hold(self, talk: Talk) -> None:
        await self._ami.action(
            "Redirect",
            Channel=talk.caller, Context=AWAIT, Exten=MUSIC, Priority="1",
            ExtraChannel=talk.agent, ExtraContext=AWAIT, ExtraExten=HOLD, ExtraPriority="1",
        )  # fmt: skip

    async def retrieve(self, talk: Talk) -> None:
        await self._ami.action("Redirect", Channel=talk.agent, Context=JOIN, Exten=f"to{talk.caller}", Priority="1")

    async def talks_again(self, talk: Talk) -> None:
        pass

    async def _originate(self, phone: str, context: str, extension: str) -> str:
        channel_id = f"bare-{next(self._ids)}"
        await self._ami.action(
            "Originate",
            Channel=f"PJSIP/{phone}", ChannelId=channel_id, Context=context, Exten=extension, Priority="1",
            CallerID=f"<{DIALLED}>", Timeout="20000", Async="true",
        )  # fmt: skip
        return channel_id


@dataclass
class Bench:
    """All that runs, and what is measured of it.

    Attributes:
        site: Asterisk and ctid.
        phones: Of those who make calls.
        watch: The manager connection that tells of effects.
        sides: ctid's and the bare one.
        talks: Of each side.
    """

    site: RigSite
    phones: Phones
    watch: AmiClient
    sides: dict[str, Side]
    talks: dict[str, list[Talk]]
    _found: dict[tuple[str, str], list[float]] = field(
        default_factory=lambda: {(act, side): [] for act in ACTS for side in TALKERS}
    )
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    async def run(self) -> dict[tuple[str, str], list[float]]:
        """Give orders for as long as the load lasts; the seconds that each took, by what it was and whose."""
        load = Sipp(
            "uac-silent-waits-for-bye",
            to=(self.site.pbx.host, self.site.pbx.sip_port),
            number=LOAD_NUMBER,
            calls=round(SECONDS * CALLS_PER_SECOND),
            rate=CALLS_PER_SECOND,
            time_limit_s=SECONDS + 30,
        )
        until = time.time() + SECONDS
        async with load, asyncio.TaskGroup() as tasks:
            await asyncio.sleep(WARM_UP_SECONDS)
            for side in TALKERS:
                for talk in self.talks[side]:
                    tasks.create_task(self._hold_and_retrieve(side, talk, until))
                for phone in DIALLERS[side]:
                    tasks.create_task(self._make_calls(side, phone, until))
            result = await load.wait()
        if not result.ok:
            raise RuntimeError(f"not every caller was served: {result}")
        return self._found

    async def _hold_and_retrieve(self, side: str, talk: Talk, until: float) -> None:
        while time.time() < until:
            await self._pause()
            since, asked = len(self.watch.events), time.time()
            await self.sides[side].hold(talk)
            music = await self.watch.wait_event(_of("MusicOnHoldStart", talk.caller), since=since)
            self._found["hold", side].append(float(music["Timestamp"]) - asked)
            await self._pause()
            since, asked = len(self.watch.events), time.time()
            await self.sides[side].retrieve(talk)
            entries = [
                await self.watch.wait_event(_of("BridgeEnter", unique_id), since=since)
                for unique_id in (talk.caller, talk.agent)
            ]
            if len({entry["BridgeUniqueid"] for entry in entries}) != 1:
                raise RuntimeError(f"not in one bridge: {entries}")
            self._found["retrieve", side].append(max(float(entry["Timestamp"]) for entry in entries) - asked)
            await self.sides[side].talks_again(talk)

    async def _make_calls(self, side: str, phone: str, until: float) -> None:
        while time.time() < until:
            await self._pause()
            rung = self.phones.invited[phone]
            before, asked = len(rung), time.time()
            await self.sides[side].make_call(phone)
            await eventually(lambda rung=rung, before=before: len(rung) > before, f"{phone} rings", every=0.005)
            self._found["make_call", side].append(rung[before] - asked)
            await self.sides[side].drop_call(phone)

    async def _pause(self) -> None:
        await asyncio.sleep(self._random.uniform(*PAUSE_S))


@contextlib.asynccontextmanager
async def _running() -> AsyncIterator[Bench]:
    values = {"talk_least_ms": TALK_MS[0], "talk_most_ms": TALK_MS[1]}
    load_phones = Sipp("uas-answers-hangs-up", calls=None, values=values, time_limit_s=600)
    talk_phones = Sipp("uas-answers", calls=None, time_limit_s=600)
    async with contextlib.AsyncExitStack() as stack:
        phones = await stack.enter_async_context(Phones(_LONG_S, (_LONG_S, _LONG_S)))
        await stack.enter_async_context(load_phones)
        await stack.enter_async_context(talk_phones)
        contacts = {
            **{phone: load_phones.contact(phone) for phone in LOAD},
            **{phone: talk_phones.contact(phone) for side in TALKERS for phone in TALKERS[side]},
            **{phone: phones.contact(phone) for side in DIALLERS for phone in DIALLERS[side]},
        }
        others = [*TALKERS["bare"], *DIALLERS["bare"]]
        site = RigSite(
            _config(),
            contacts=contacts,
            extensions=_MUSIC,
            files={
                "manager.conf": _managers(),
                "pjsip.conf": "".join(pjsip_endpoint(Endpoint(name=each, contact=contacts[each])) for each in others),
            },
        )
        await stack.enter_async_context(site)
        watch = await stack.enter_async_context(_ami(site, "watch"))
        bare = Bare(await stack.enter_async_context(_ami(site, "bare", events=False)))
        rest = Rest(
            {
                phone: await stack.enter_async_context(site.desktop(f"agent-{phone}"))
                for phone in (*TALKERS["ctid"], *DIALLERS["ctid"])
            }
        )
        process = await stack.enter_async_context(run_module("benchmarks.desktops"))
        await _staff(site, Desktops(process))
        for side in TALKERS:
            caller = BARE_CALLER if side == "bare" else "+12025550123"
            await stack.enter_async_context(_callers(site, side, caller))
            if side == "bare":
                for phone, unique_id in zip(TALKERS[side], await _on_music(watch, caller), strict=True):
                    await bare.connect(phone, unique_id)
            else:
                for phone in TALKERS[side]:
                    await rest.talks(phone)
        talks = {side: [await _talk(watch, phone) for phone in TALKERS[side]] for side in TALKERS}
        yield Bench(site, phones, watch, {"ctid": rest, "bare": bare}, talks)


async def _staff(site: RigSite, desktops: Desktops) -> None:
    """Have the agents of the load sit at their desktops, and all be there for calls."""
    await desktops.connect(
        port=site.api_port,
        path="/v1/events",
        tokens=[site.token(f"agent-{phone}") for phone in LOAD],
        hello=json.dumps({"type": "hello"}),
        marker="nothing",
        call="(nothing)",
        ami=(site.pbx.ami_port, "bare", DEMO_AMI_SECRET),
    )
    async with site.supervisor() as supervisor:
        for phone in (*LOAD, *TALKERS["ctid"]):
            await supervisor.request("PUT", f"/v1/agents/agent-{phone}/state", {"state": "READY"})
        for phone in DIALLERS["ctid"]:
            await supervisor.request("PUT", f"/v1/agents/agent-{phone}/state", {"state": "NOT_READY"})


def _callers(site: RigSite, side: str, caller: str) -> Sipp:
    return Sipp(
        "uac-silent-waits-for-bye",
        to=(site.pbx.host, site.pbx.sip_port),
        number=TALKS_NUMBER[side],
        calls=len(TALKERS[side]),
        values={"caller": caller},
        time_limit_s=600,
    )


async def _on_music(watch: AmiClient, caller: str) -> Sequence[str]:
    """Wait until all bare callers hear music; give the unique ids of their channels."""
    found: list[str] = []

    def all_there() -> bool:
        events = [event for event in watch.events if event["Event"] == "MusicOnHoldStart"]
        found[:] = [event["Uniqueid"] for event in events if event["CallerIDNum"] == caller]
        return len(found) == len(TALKERS["bare"])

    await eventually(all_there, "the bare callers hear music")
    return found


async def _talk(watch: AmiClient, phone: str) -> Talk:
    """Wait until the phone is in a bridge with a caller."""
    mine = await watch.wait_event(
        lambda event: event["Event"] == "BridgeEnter" and event["Channel"].startswith(f"PJSIP/{phone}-"), _PATIENCE_S
    )
    theirs = await watch.wait_event(
        lambda event: (
            event["Event"] == "BridgeEnter"
            and event["BridgeUniqueid"] == mine["BridgeUniqueid"]
            and event["Uniqueid"] != mine["Uniqueid"]
        ),
        _PATIENCE_S,
    )
    return Talk(phone, theirs["Uniqueid"], mine["Uniqueid"])


def _of(name: str, unique_id: str) -> Any:
    def matches(event: AmiMessage) -> bool:
        return event["Event"] == name and event["Uniqueid"] == unique_id

    return matches


def _ami(site: RigSite, user: str, *, events: bool = True) -> AmiClient:
    return AmiClient(site.pbx.host, site.pbx.ami_port, user, DEMO_AMI_SECRET, events=events)


def _managers() -> str:
    ctid = manager_conf(ManagerUser(name="ctid", secret=DEMO_AMI_SECRET), "22")
    filters = "".join(f"eventfilter(action(include),name({name})) =\n" for name in ("BridgeEnter", "MusicOnHoldStart"))
    return ctid + manager_user("bare", DEMO_AMI_SECRET) + manager_user("watch", DEMO_AMI_SECRET) + filters


def _config() -> dict[str, Any]:
    skills = {
        **{phone: {"load": 5} for phone in LOAD},
        **{phone: {"talks": 5} for phone in TALKERS["ctid"]},
        **{phone: {} for phone in DIALLERS["ctid"]},
    }
    return {
        "site": "bench",
        "country": "DE",
        "skills": ["load", "talks"],
        "entries": {
            "load": {"dnis": LOAD_NUMBER, "open": {"queue": "load"}},
            "talks": {"dnis": TALKS_NUMBER["ctid"], "open": {"queue": "talks"}},
        },
        "queues": {name: {"steps": [{"skills": {name: 1}}]} for name in ("load", "talks")},
        "agents": {
            f"agent-{phone}": {"name": phone, "device": f"PJSIP/{phone}", "pbx": "main", "skills": own}
            for phone, own in skills.items()
        },
    }


if __name__ == "__main__":
    main()
