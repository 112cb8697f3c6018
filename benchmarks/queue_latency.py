"""Queue hand-over: how soon a phone rings, by ctid and by Asterisk's own Queue() on the same PBX.

Both serve the same callers (SIPp, with audio) with the same phones and the same random talk times, one after the
other, with no wrap-up. Two hand-overs are measured:

- *free*: from an agent's BYE to the next INVITE at the same phone while callers wait, both stamped at the phone's
  socket, with one agent and with several;
- *arrival*: from the dialplan's hand-over of a caller (AMI ``Newexten`` of ``AGI`` or ``Queue``, stamped by Asterisk)
  to the INVITE at a free agent's phone. For ctid this includes its FastAGI connection, the journal and the screen
  pop, which goes out before the phone rings. Callers and INVITEs are paired in their order: both serve who came first.
  Both sides' times contain Asterisk's own way from a new channel to its INVITE on the wire, 1 to 2 ms here.

Queue() has its best settings for this: ``autofill``, ``retry=1`` (the least), no announcements, ``leastrecent``, which
is ctid's longest idle, and a timeout that is never reached.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import uvloop

from benchmarks.phones import Phones
from benchmarks.spread import spread
from ctid.pbx_adapters.asterisk_config import ManagerUser, manager_conf
from sip_test_rig.ami_recorder import AmiClient
from sip_test_rig.asterisk_config import DEMO_AMI_SECRET, manager_user
from sip_test_rig.eventually import eventually
from sip_test_rig.sipp import Sipp
from sip_test_rig.site import RigSite

WAITING: Final = 26
ARRIVALS: Final = 60
ARRIVALS_PER_SECOND: Final = 5.0
TALK_S: Final = (0.6, 1.9)
ANSWER_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Line:
    """A queue that exists twice, in ctid and in Asterisk, with the same agents.

    Attributes:
        name: Of both queues, and of the skill.
        number: What callers dial for ctid's; one more for Asterisk's.
        agents: Their phones.
        free_s: How long agents are set free here; fewer of them need longer for as many samples.
    """

    name: str
    number: int
    agents: Sequence[str]
    free_s: float = 0.0

    def dialled(self, side: str) -> str:
        """The number of this side's queue."""
        return str(self.number if side == "ctid" else self.number + 1)


LINES: Final = (
    Line("one", 310, ["1001"], 30.0),
    Line("five", 320, [str(number) for number in range(1002, 1007)], 12.0),
    Line("many", 330, [str(number) for number in range(1007, 1027)]),
)
SIDES: Final = ("ctid", "queue")


def main() -> None:
    """Measure and print."""
    print(json.dumps(uvloop.run(measure())))


async def measure() -> dict[str, Any]:
    """Run all loads on both sides and tell the figures, in milliseconds."""
    one, five, many = LINES
    figures: dict[str, Any] = {}
    async with _running() as (site, phones):
        for line in (one, five):
            for side in SIDES:
                figures[f"free_{line.name}_{side}"] = spread(await _free(site, phones, line, side))
        for side in SIDES:
            figures[f"arrival_{side}"] = spread(await _arrival(site, phones, many, side))
    for name, figure in figures.items():
        print(f"{name:18} {figure}")
    medians = {name: figure["p50"] for name, figure in figures.items()}
    return {
        "name": "queue_latency",
        "ours": medians["free_one_ctid"],
        "peer": medians["free_one_queue"],
        "peer_name": "Asterisk's Queue() on the same PBX",
        "unit": "ms from an agent's BYE to the next INVITE, median",
        "ratio": round(medians["free_one_queue"] / medians["free_one_ctid"], 1),
        "ratio_five_agents": round(medians["free_five_queue"] / medians["free_five_ctid"], 1),
        "arrival_ms": medians["arrival_ctid"],
        "arrival_peer_ms": medians["arrival_queue"],
        "figures": figures,
    }


@contextlib.asynccontextmanager
async def _running() -> AsyncIterator[tuple[RigSite, Phones]]:
    async with contextlib.AsyncExitStack() as stack:
        phones = await stack.enter_async_context(Phones(ANSWER_S, TALK_S))
        users = [user for line in LINES for user in line.agents]
        manager = manager_conf(ManagerUser(name="ctid", secret=DEMO_AMI_SECRET), "22")
        site = RigSite(
            _config(),
            contacts={user: phones.contact(user) for user in users},
            extensions=_dialplan(),
            files={
                "queues.conf": _queues(),
                "manager.conf": manager
                + manager_user("bench", DEMO_AMI_SECRET)
                + "eventfilter(action(include),name(Newexten),header(Application),method(regex)) = ^(AGI|Queue)$\n",
            },
        )
        await stack.enter_async_context(site)
        for user in users:
            desktop = await stack.enter_async_context(site.desktop(f"agent-{user}"))
            await desktop.set_state("READY")
        yield site, phones


async def _free(site: RigSite, phones: Phones, line: Line, side: str) -> list[float]:
    phones.begin_anew()
    callers = _callers(site, line, side, calls=None, rate=50, at_once=WAITING + len(line.agents))
    async with callers:
        await asyncio.sleep(line.free_s)
        found = [
            invited - freed
            for user in line.agents
            for freed, invited in zip(phones.freed[user], phones.invited[user][1:], strict=False)
        ]
    await _hang_up_all(site)
    return found


async def _arrival(site: RigSite, phones: Phones, line: Line, side: str) -> list[float]:
    phones.begin_anew()
    async with AmiClient(site.pbx.host, site.pbx.ami_port, "bench", DEMO_AMI_SECRET) as ami:
        callers = _callers(site, line, side, calls=ARRIVALS, rate=ARRIVALS_PER_SECOND)
        result = await callers.run()
        if not result.ok:
            raise RuntimeError(f"not every caller was served: {result}")
        application = "AGI" if side == "ctid" else "Queue"
        first: dict[str, float] = {}
        for event in ami.events:
            if event["Event"] == "Newexten" and event["Application"] == application:
                first.setdefault(event["Uniqueid"], float(event["Timestamp"]))
    await _hang_up_all(site)
    invited = sorted(at for stamps in phones.invited.values() for at in stamps)
    return [there - here for here, there in zip(sorted(first.values()), invited, strict=True)]


def _callers(
    site: RigSite, line: Line, side: str, *, calls: int | None, rate: float, at_once: int | None = None
) -> Sipp:
    return Sipp(
        "uac-silent-waits-for-bye",
        to=(site.pbx.host, site.pbx.sip_port),
        number=line.dialled(side),
        calls=calls,
        rate=rate,
        at_once=at_once,
        time_limit_s=line.free_s + 60,
    )


async def _hang_up_all(site: RigSite) -> None:
    await site.pbx.cli("channel request hangup all")

    async def nothing_up() -> bool:
        return not await site.pbx.channels()

    await eventually(nothing_up, "no channel is up")


def _config() -> dict[str, Any]:
    return {
        "site": "bench",
        "country": "DE",
        "skills": [line.name for line in LINES],
        "entries": {line.name: {"dnis": str(line.number), "open": {"queue": line.name}} for line in LINES},
        "queues": {line.name: {"steps": [{"skills": {line.name: 1}}]} for line in LINES},
        "agents": {
            f"agent-{user}": {"name": user, "device": f"PJSIP/{user}", "pbx": "main", "skills": {line.name: 5}}
            for line in LINES
            for user in line.agents
        },
    }


def _dialplan() -> str:
    lines = "".join(
        f"exten => {line.dialled('queue')},1,Answer()\n same => n,Queue({line.name})\n same => n,Hangup()\n"
        for line in LINES
    )
    return f"[from-carrier](+)\n{lines}"


def _queues() -> str:
    text = "[general]\npersistentmembers=no\nautofill=yes\n"
    for line in LINES:
        members = "".join(f"member => PJSIP/{user}\n" for user in line.agents)
        text += f"[{line.name}]\nstrategy=leastrecent\ntimeout=15\nretry=1\nwrapuptime=0\nringinuse=no\n{members}"
    return text


if __name__ == "__main__":
    main()
