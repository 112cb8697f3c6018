"""Event to desktop: how soon an agent's desktop is told that their call was answered.

20 calls a second come in from SIPp, are answered by SIPp and talk, with audio both ways, while 300 desktops are
connected: 290 agents and 10 supervisors, who see everything. From the stamp that Asterisk gives the AMI event of the
answered bridge (the second ``BridgeEnter``) to the read of the event at the agent's own WebSocket, in another process.
Everything shares the machine: Asterisk, both SIPp, ctid with its journal, and all desktops.

Beside it, in the same run:

- *plain*: the usual way, on the same PBX, phones and load: Asterisk's ``Queue()`` gives the calls to the agents, and a
  stock panoramisk with a loop over aiohttp's sockets tells every desktop (``benchmarks/plain_feed.py``). It keeps no
  state and journals nothing, so it is given an easier job;
- *bare*: a raw AMI connection in the desktops' process that gets these events alone: what no program behind AMI beats.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import uvloop

from benchmarks.spread import spread
from ctid.desktop.identity.auth import Role
from ctid.pbx_adapters.asterisk_config import ManagerUser, manager_conf
from sip_test_rig.asterisk_config import DEMO_AMI_SECRET, manager_user
from sip_test_rig.sipp import Sipp
from sip_test_rig.site import RigSite

CALLS_PER_SECOND: Final = 20.0
SECONDS: Final = 40.0
WARM_UP_SECONDS: Final = 3.0
AGENTS: Final = 290
SUPERVISORS: Final = 10
TALK_MS: Final = (1_000, 2_000)
PHONES: Final = [str(1001 + number) for number in range(AGENTS)]
NUMBERS: Final = {"ctid": "310", "plain": "311"}
_ORDER_SECONDS: Final = 60.0
_ANSWER_BYTES: Final = 64 * 1024 * 1024


def main() -> None:
    """Measure and print."""
    print(json.dumps(uvloop.run(measure())))


async def measure() -> dict[str, Any]:
    """Run the load through ctid, then through the usual way, and tell the figures in milliseconds."""
    figures: dict[str, Any] = {}
    async with _running() as (site, desktops):
        figures |= await _through_ctid(site, desktops)
        figures |= await _through_plain(site, desktops)
    for name, figure in figures.items():
        print(f"{name:18} {figure}")
    return {
        "name": "event_to_desktop",
        "ours": figures["ctid"]["p99"],
        "peer": figures["plain"]["p99"],
        "peer_name": "Queue(), stock panoramisk and a loop over aiohttp's sockets",
        "unit": "ms from the answered bridge to the agent's desktop, 99th percentile",
        "ratio": round(figures["plain"]["p99"] / figures["ctid"]["p99"], 1),
        "bare_ami_p99": figures["bare"]["p99"],
        "figures": figures,
    }


class Desktops:
    """The process with the desktops in it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def connect(self, **feed: Any) -> None:
        """Open all sockets."""
        await self._order({"connect": feed})

    async def collect(self) -> Any:
        """Close them and take their stamps."""
        return await self._order({"collect": True})

    async def _order(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(_ORDER_SECONDS):
            answer = await self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process with the desktops ended")
        return json.loads(answer)


@contextlib.asynccontextmanager
async def _running() -> AsyncIterator[tuple[RigSite, Desktops]]:
    phones = Sipp(
        "uas-answers-hangs-up",
        calls=None,
        values={"talk_least_ms": TALK_MS[0], "talk_most_ms": TALK_MS[1]},
        time_limit_s=600,
    )
    manager = (
        manager_conf(ManagerUser(name="ctid", secret=DEMO_AMI_SECRET), "22")
        + manager_user("plain", DEMO_AMI_SECRET)
        + manager_user("bare", DEMO_AMI_SECRET)
        + "eventfilter(action(include),name(BridgeEnter)) =\n"
    )
    site = RigSite(
        _config(),
        contacts={phone: phones.contact(phone) for phone in PHONES},
        extensions=f"[from-carrier](+)\nexten => {NUMBERS['plain']},1,Answer()\n same => n,Queue(all)\n",
        files={"manager.conf": manager, "queues.conf": _queues()},
    )
    async with phones, site, run_module("benchmarks.desktops") as process:
        yield site, Desktops(process)


async def _through_ctid(site: RigSite, desktops: Desktops) -> dict[str, Any]:
    agents = [site.token(f"agent-{phone}") for phone in PHONES]
    supervisors = [site.token(f"supervisor-{number}", Role.SUPERVISOR) for number in range(SUPERVISORS)]
    await desktops.connect(
        port=site.api_port,
        path="/v1/events",
        tokens=agents + supervisors,
        hello=json.dumps({"type": "hello"}),
        marker='"type":"contact.connected"',
        call=r'"id":"(lg-[^"]+)","party":"agent"',
        ami=_ami(site, "bare"),
    )
    async with site.supervisor() as supervisor:
        for phone in PHONES:
            await supervisor.request("PUT", f"/v1/agents/agent-{phone}/state", {"state": "READY"})
    calls, told = await _stamps(site, desktops, "ctid")
    agents_s = [at - call.stamp for call in calls for desktop, at in told[call.agent_leg] if desktop < AGENTS]
    supervisors_s = [at - call.stamp for call in calls for desktop, at in told[call.agent_leg] if desktop >= AGENTS]
    return {
        "ctid": spread(agents_s),
        "ctid_supervisors": spread(supervisors_s),
        "bare": spread([call.bare - call.stamp for call in calls]),
    }


async def _through_plain(site: RigSite, desktops: Desktops) -> dict[str, Any]:
    async with run_module("benchmarks.plain_feed", *(str(each) for each in _ami(site, "plain"))) as feed:
        assert feed.stdout is not None
        await desktops.connect(
            port=int(await feed.stdout.readline()),
            path="/events",
            tokens=["none"] * (AGENTS + SUPERVISORS),
            hello="",
            marker='"type": "call.answered"',
            call=r'"bridge": "([^"]+)"',
            ami=_ami(site, "bare"),
        )
        calls, told = await _stamps(site, desktops, "plain")
    plain_s = [
        at - call.stamp
        for call in calls
        for desktop, at in told[call.bridge]
        if PHONES[desktop : desktop + 1] == [call.phone]
    ]
    return {"plain": spread(plain_s), "plain_bare": spread([call.bare - call.stamp for call in calls])}


@dataclass(frozen=True, slots=True)
class _Call:
    """An answered call.

    Attributes:
        bridge: Unique id of the bridge.
        phone: That answered.
        agent_leg: Unique id of its channel.
        stamp: Asterisk's, of the second leg's entry.
        bare: When the bare AMI connection read of it.
    """

    bridge: str
    phone: str
    agent_leg: str
    stamp: float
    bare: float


async def _stamps(
    site: RigSite, desktops: Desktops, side: str
) -> tuple[list[_Call], Mapping[str, Sequence[tuple[int, float]]]]:
    """Let the callers call; return the calls after the warm-up, and which desktop was told of which call when."""
    began = time.time()
    callers = Sipp(
        "uac-silent-waits-for-bye",
        to=(site.pbx.host, site.pbx.sip_port),
        number=NUMBERS[side],
        calls=round(SECONDS * CALLS_PER_SECOND),
        rate=CALLS_PER_SECOND,
        time_limit_s=SECONDS + 30,
    )
    result = await callers.run()
    if not result.ok:
        raise RuntimeError(f"not every caller was served: {result}")
    stamps = await desktops.collect()
    told = defaultdict(list)
    for call, desktop, at in stamps["told"]:
        told[call].append((desktop, at))
    entered = defaultdict(list)
    for bridge, channel, unique_id, stamp, at in stamps["entered"]:
        entered[bridge].append((stamp, at, channel, unique_id))
    calls = []
    for bridge, legs in entered.items():
        (_, _, *caller), (stamp, bare, *agent) = legs
        if agent[0].startswith("PJSIP/carrier-"):
            caller, agent = agent, caller
        phone = agent[0].removeprefix("PJSIP/").partition("-")[0]
        calls.append(_Call(bridge, phone, agent[1], stamp, bare))
    return [call for call in calls if call.stamp >= began + WARM_UP_SECONDS], told


@contextlib.asynccontextmanager
async def run_module(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a module as a process with pipes, until the end of the block."""
    process = await asyncio.create_subprocess_exec(
        "setpriv", "--pdeathsig", "KILL", sys.executable, "-m", module, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_ANSWER_BYTES,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _ami(site: RigSite, user: str) -> tuple[int, str, str]:
    return site.pbx.ami_port, user, DEMO_AMI_SECRET


def _config() -> dict[str, Any]:
    return {
        "site": "bench",
        "country": "DE",
        "entries": {"all": {"dnis": NUMBERS["ctid"], "open": {"queue": "all"}}},
        "queues": {"all": {"steps": [{}]}},
        "agents": {f"agent-{phone}": {"name": phone, "device": f"PJSIP/{phone}", "pbx": "main"} for phone in PHONES},
    }


def _queues() -> str:
    members = "".join(f"member => PJSIP/{phone}\n" for phone in PHONES)
    return (
        "[general]\npersistentmembers=no\nautofill=yes\n"
        f"[all]\nstrategy=leastrecent\ntimeout=15\nretry=1\nwrapuptime=0\nringinuse=no\n{members}"
    )


if __name__ == "__main__":
    main()
