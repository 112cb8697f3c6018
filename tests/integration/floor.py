"""A contact centre's floor: agents at a phone and a desktop, callers who dial in, and what must hold afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from ctid.runtime.replay import replay
from sip_test_rig import tones
from sip_test_rig.desktop import Desktop, JsonObject
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from sip_test_rig.site import PROMPTS, RigSite, demo_config
from sip_test_rig.tones import KNOWN_HZ

PATIENCE_S: Final = 30.0
"""How long a condition is waited for: the machine may be busy with other things, and nothing here is a stopwatch."""

MENU = "100"
"""Dialled by who wants the menu; key 1 leads to the queue `sales`."""
DIRECT = "200"
"""Dialled by who goes to the queue `sales` at once."""
WELCOME_HZ: Final = 350.0
MENU_HZ: Final = 440.0
CALLER_HZ: Final = 740.0
AGENT_HZ: Final = (470, 610, 890, 1030, 1190, 1310, 1470, 1610)
_CHECKOUT: Final = Path(__file__).resolve().parents[2]
TYPING_S: Final = 0.3
"""So long a pause people make between two keys of a number; ctid asks for each of them anew, and may be late."""
LISTEN_S: Final = 0.6
"""So long it is listened to who hears whom."""
SPAN_SLACK_MS: Final = 100
"""Stamps are the wall clock's, durations the monotonic clock's: read one after the other, and rounded down."""


def floor_config(
    agents: int, *, ring_seconds: float = 3, wrap_up_seconds: float = 0, **policy: float
) -> dict[str, Any]:
    """The demo's site with so many agents `a01`, `a02`, ... on phones 1001, 1002, ..., all able to sell; no bank."""
    config = demo_config()
    for section in ("flows", "lookups", "speech"):
        del config[section]
    del config["entries"]["bank"], config["queues"]["support"]["survey"], config["queues"]["sales"]["waiting"]
    config["agents"] = {
        f"a{number:02}": {
            "name": f"Agent {number}",
            "device": f"PJSIP/{1000 + number}",
            "pbx": "main",
            "skills": {"sales": 8, "support": 8},
            "team": "red",
        }
        for number in range(1, agents + 1)
    }
    config["entries"]["direct"] = {"dnis": DIRECT, "open": {"queue": "sales"}}
    for queue in config["queues"].values():
        queue |= {"ring_seconds": ring_seconds, "wrap_up_seconds": wrap_up_seconds}
    config["policy"] = {
        "max_misses": 2,
        "no_answer_backoff_seconds": 0.2,
        "reject_backoff_seconds": 0.2,
        "busy_backoff_seconds": 0.2,
        "unreachable_backoff_seconds": 0.2,
        **policy,
    }
    return config


@dataclass(frozen=True)
class Invite:
    """An INVITE as it came to a phone.

    Attributes:
        offer_id: The offer it belongs to, as the PBX tells in a header.
        others: Calls that the phone was ringing with or talking on just then.
        popped: Whether the offer with its screen pop had come to the agent's desktop before.
    """

    offer_id: str
    others: int
    popped: bool


class WatchedPhone(Phone):
    """A phone that notes every INVITE, also of those calls that it refuses, and what its agent's desktop knew then.

    Attributes:
        invites: By Call-ID.
        desktop: Of the agent.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invites: dict[str, Invite] = {}
        self.desktop: Desktop | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.startswith(b"INVITE "):
            # What lay in the desktop's socket was there first, though the loop may hand it out behind this message.
            waiting = b"" if self.desktop is None else unread(self.desktop)
            loop = asyncio.get_running_loop()
            # What the loop had read before needs two of its turns to reach the desktop's reader; what comes now, three.
            loop.call_soon(loop.call_soon, self._note, data, waiting)
        super().datagram_received(data, addr)

    def _note(self, data: bytes, waiting: bytes) -> None:
        headers = dict(line.split(": ", 1) for line in data.decode().split("\r\n\r\n")[0].split("\r\n")[1:])
        call_id, offer_id = headers["Call-ID"], headers.get("X-Ctid-Offer", "")
        if call_id in self.invites:
            return
        mine = [call for call in self.calls if call.incoming and call.dialog.call_id != call_id]
        told = self.desktop is not None and offer_id in offers_told(self.desktop)
        self.invites[call_id] = Invite(
            offer_id=offer_id,
            others=sum(call.state != "ended" for call in mine),
            popped=told or (b"offer.created" in waiting and offer_id.encode() in waiting),
        )


def unread(desktop: Desktop) -> bytes:
    """What has come to a desktop's socket and was not read yet."""
    assert desktop._socket is not None
    wrapped = desktop._socket.get_extra_info("socket")
    with socket.socket(fileno=os.dup(wrapped.fileno())) as sock:
        try:
            return sock.recv(1 << 20, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""


def offers_told(desktop: Desktop) -> list[str]:
    """Ids of all offers that the desktop was told of, in order."""
    return [event["data"]["offer"]["id"] for event in desktop.events if event["type"] == "offer.created"]


@dataclass
class Seat:
    """An agent with phone and desktop."""

    agent_id: str
    phone: WatchedPhone
    desktop: Desktop

    async def ready(self) -> None:
        """Take calls, once the PBX has told that the phone can be reached."""
        await self.until_reachable(True)
        await self.desktop.set_state("READY")

    async def until_reachable(self, wanted: bool) -> None:
        """Wait until the PBX has told that the phone can be reached, or no more; a phone that does not register can."""

        async def is_so() -> bool:
            return bool((await self.view())["device_reachable"]) is wanted

        if self.phone._registers:
            word = "can" if wanted else "cannot"
            await eventually(is_so, f"the phone of {self.agent_id} {word} be reached", timeout=PATIENCE_S)

    async def view(self) -> JsonObject:
        """The agent as the API shows them."""
        view: JsonObject = await self.desktop.request("GET", f"/v1/agents/{self.agent_id}")
        return view

    async def until_state(self, state: str, reason: str | None = None) -> None:
        """Wait until the agent is in this state."""

        async def is_so() -> bool:
            view = await self.view()
            return view["state"] == state and (reason is None or view["reason"] == reason)

        await eventually(is_so, f"{self.agent_id} is {state}", timeout=PATIENCE_S)

    async def offer(self) -> JsonObject:
        """The next offer with its screen pop."""
        return await self.desktop.wait("offer.created", timeout=PATIENCE_S)

    async def ringing(self) -> PhoneCall:
        """The next call at the phone."""
        return await self.phone.next_call(PATIENCE_S)

    async def talks_to(self, caller: PhoneCall) -> PhoneCall:
        """The next call at the phone, in which the agent and the caller hear each other."""
        call = await self.ringing()
        await both_hear(caller, call, self)
        return call

    def offers(self) -> list[str]:
        """Ids of all offers that the desktop was told of, in order."""
        return offers_told(self.desktop)

    def assert_popped_before_ringing(self) -> None:
        """The phone never rang for an offer that the desktop had not shown, nor for two at a time."""
        invites = list(self.phone.invites.values())
        assert sorted(invite.offer_id for invite in invites) == sorted(self.offers())
        assert all(invite.popped for invite in invites)
        assert {invite.others for invite in invites} <= {0}

    async def come_back(self) -> None:
        """Open the desktop's socket again after the daemon was away."""
        await self.desktop.disconnect()
        await self.desktop.connect()


@contextlib.asynccontextmanager
async def staff(
    site: RigSite, *agent_ids: str, answer_after: float | None = 0.0, ready: bool = True
) -> AsyncIterator[list[Seat]]:
    """Agents take their seats, and leave them at the end, of which ctid knows then."""
    async with contextlib.AsyncExitStack() as desktops, contextlib.AsyncExitStack() as phones:
        seats = []
        for index, agent_id in enumerate(agent_ids):
            device = site.config["agents"][agent_id]["device"].removeprefix("PJSIP/")
            voice = AGENT_HZ[index % len(AGENT_HZ)]
            phone = WatchedPhone.of(site.pbx, device, voice_hz=voice, answer_after=answer_after)
            phone.desktop = await desktops.enter_async_context(site.desktop(agent_id))
            await phones.enter_async_context(phone)
            seats.append(Seat(agent_id, phone, phone.desktop))
        await asyncio.gather(*(seat.ready() if ready else seat.until_reachable(True) for seat in seats))
        try:
            yield seats
        except BaseException:
            # The next test shall find nobody ready, as far as the daemon still answers.
            with contextlib.suppress(Exception):
                await leave(seats)
            raise
        await leave(seats)
        await phones.aclose()
        await asyncio.gather(*(seat.until_reachable(False) for seat in seats))


async def leave(seats: list[Seat]) -> None:
    """End all calls and log out."""
    for seat in seats:
        for call in seat.phone.calls:
            call.hang_up()
        await seat.desktop.set_state("LOGGED_OUT")
        await seat.until_state("LOGGED_OUT")


async def through_the_menu(call: PhoneCall, key: str = "1") -> None:
    """Hear the menu begin and press a key into it, until what follows is heard."""
    await call.until_heard(WELCOME_HZ, 0.1, PATIENCE_S)
    await press_until_past(call, key, MENU_HZ)


async def press_until_past(call: PhoneCall, key: str, prompt_hz: float) -> None:
    """Press a key, and once more whenever the prompt is heard after that, until another sound follows it.

    Asterisk loses a key that is pressed and let go wholly between two prompts (docs/asterisk.md): the caller presses it
    again, as people do.
    """
    of_menu = {prompt_hz, WELCOME_HZ, PROMPTS["ctid/no-key"]}
    known = {*KNOWN_HZ, *PROMPTS.values(), prompt_hz}

    async def press() -> None:
        pressed = len(call.media.pressed_at)
        call.press(key)
        await eventually(
            lambda: len(call.media.pressed_at) > pressed or call.state == "ended", "it is let go", timeout=PATIENCE_S
        )
        call.media.forget()

    async def past() -> bool:
        heard = tones.heard(call.media.recording(), known, min_seconds=0.1)
        if call.state == "ended" or heard.keys() - of_menu:
            return True
        if heard.get(prompt_hz, 0.0) >= 0.2:
            await press()
        return False

    await press()
    await eventually(past, f"a sound behind that of {prompt_hz} Hz", timeout=PATIENCE_S, every=0.05)


async def until_quiet_on_the_line(call: PhoneCall) -> None:
    """Wait until nothing more is played: ctid waits for a key. Between two prompts a key would be lost."""
    heard: list[int] = []

    def nothing_comes() -> bool:
        heard.append(len(call.media.heard_at))
        return len(heard) > 4 and heard[-5] == heard[-1]

    await eventually(nothing_comes, f"nothing is played to who called {call.other}", timeout=PATIENCE_S, every=0.1)


async def until_hears_more(call: PhoneCall, hz: float, seconds: float = 0.5) -> None:
    """Wait until the party has heard the tone for so long from now on."""
    call.media.forget()
    await call.until_heard(hz, seconds, PATIENCE_S)


async def both_hear(caller: PhoneCall, agent: PhoneCall, seat: Seat, seconds: float = 0.3) -> None:
    """Wait until each side hears the other's known tone, from now on."""
    await asyncio.gather(
        until_hears_more(caller, seat.phone.voice_hz, seconds),
        until_hears_more(agent, caller._phone.voice_hz, seconds),
    )


async def hear(*expected: tuple[PhoneCall, set[float]]) -> None:
    """Wait until each party hears these voices, all of them and no other."""

    async def so() -> bool:
        for call, _ in expected:
            call.media.forget()
        # That something is not heard can only be told by listening for a while.
        await asyncio.sleep(LISTEN_S)
        found[:] = [{float(hz) for hz, s in call.heard().items() if s > LISTEN_S / 3} for call, _ in expected]
        return found == [voices for _, voices in expected]

    found: list[set[float]] = []
    try:
        await eventually(so, "who hears whom", timeout=PATIENCE_S / 2)
    except BaseException as late:
        raise AssertionError(f"heard {found}, not {[voices for _, voices in expected]}") from late


async def until_record(boss: Desktop, contact_id: str) -> JsonObject:
    """Wait for a contact's record and see that it is whole."""
    found: list[JsonObject] = []

    async def there() -> bool:
        found[:] = [record for record in await all_records(boss) if record["contact_id"] == contact_id]
        return bool(found)

    await eventually(there, f"record of {contact_id}", timeout=PATIENCE_S, every=0.1)
    assert_whole(found[0])
    return found[0]


async def all_records(boss: Desktop, **query: str) -> list[JsonObject]:
    """All records, newest first, page by page."""
    records: list[JsonObject] = []
    cursor = None
    while True:
        given = {"limit": "100"} | query | ({"cursor": cursor} if cursor else {})
        page = await boss.request("GET", "/v1/records?" + "&".join(f"{key}={value}" for key, value in given.items()))
        records += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return records


def assert_whole(record: Mapping[str, Any]) -> None:
    """Every state has its time, one state follows the other, and together they are the whole contact."""
    spans = record["spans"]
    assert spans[0]["state"] == "created"
    assert spans[0]["at"] == record["created_at"]
    assert all(span["duration_ms"] is not None and span["duration_ms"] >= 0 for span in spans), spans
    for one, then in itertools.pairwise(spans):
        assert abs(_ms(then["at"]) - _ms(one["at"]) - one["duration_ms"]) <= SPAN_SLACK_MS, (one, then)
    whole = _ms(record["closed_at"]) - _ms(record["created_at"])
    assert abs(sum(span["duration_ms"] for span in spans) - whole) <= SPAN_SLACK_MS, record
    talk = sum(span["duration_ms"] for span in spans if span["state"] == "connected")
    wrap_up = sum(span["duration_ms"] for span in spans if span["state"] == "wrap_up")
    assert (record["talk_ms"], record["wrap_up_ms"]) == (talk, wrap_up)
    names = ["created_at", "queued_at", "connected_at", "ended_at", "closed_at"]
    if record["direction"] != "inbound":
        # A talk comes first there, and a queue only if somebody sends the call on to one.
        names.remove("queued_at")
    moments = [record[name] for name in names]
    told = [_ms(moment) for moment in moments if moment is not None]
    assert told == sorted(told)
    assert record["path"][0]["kind"] == ("entry" if record["entry"] else "call")
    assert record["outcome"]


def states(record: Mapping[str, Any]) -> list[str]:
    """The states of a record, in order."""
    return [span["state"] for span in record["spans"]]


def _ms(stamp: str) -> int:
    return round(datetime.fromisoformat(stamp).timestamp() * 1000)


async def until_quiet(site: RigSite, boss: Desktop) -> None:
    """Wait until no call is up anywhere: no channel in Asterisk, no contact, offer, leg or AGI session in ctid."""

    up: dict[str, object] = {}

    async def quiet() -> bool:
        agents = (await boss.request("GET", "/v1/agents"))["items"]
        up.update(
            # On a busy machine Asterisk 22 may leave a Surrogate/ of one that was taken over (docs/asterisk.md).
            channels=await site.pbx.channels(),
            contacts=(await boss.request("GET", "/v1/contacts"))["items"],
            agents=[agent for agent in agents if agent["offer_id"] or agent["contact_id"]],
            sessions=(await metrics(site)).get('ctid_agi_sessions{pbx="main"}'),
        )
        return not any(up.values())

    try:
        await eventually(quiet, "nothing is up any more", timeout=PATIENCE_S, every=0.2)
    except TimeoutError as late:
        raise AssertionError(f"still up: {json.dumps(up)}") from late
    async with site.supervisor() as fresh:
        assert (fresh.snapshot["data"]["contacts"], fresh.snapshot["data"]["offers"]) == ([], [])


async def metrics(site: RigSite) -> dict[str, float]:
    """All samples of `/metrics` by name and labels."""
    async with aiohttp.ClientSession() as session, session.get(f"{site.ctid.url}/metrics") as response:
        text = await response.text()
    samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            samples[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return samples


def open_files(pid: int) -> int:
    """How many files and sockets ctid has open, but for those of its database's pool, which grows to its fixed size."""
    count = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        # One that is closed while we look is not left open.
        with contextlib.suppress(FileNotFoundError):
            count += not Path(os.readlink(descriptor)).name.startswith("ctid.db")
    return count


def resident_bytes(pid: int) -> int:
    """How much memory a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def run_ctid(*arguments: str, cwd: Path | None = None) -> tuple[int, str, str]:
    """Run the command line; give exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ctid", *arguments,
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(_CHECKOUT), "COLUMNS": "200"},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 2 * PATIENCE_S)
    return process.returncode or 0, out.decode(), err.decode()


def log_lines(site: RigSite) -> list[JsonObject]:
    """What the daemon logged; a line that is no JSON (a traceback, say) stands under `text`."""
    lines = site.ctid.log.read_text(errors="replace").splitlines()
    return [json.loads(line) if line.startswith("{") else {"level": "error", "text": line} for line in lines]


def assert_log_clean(site: RigSite, expected: Set[str] = frozenset()) -> None:
    """No line of the log is an error, but for events that a test provoked."""
    errors = [line for line in log_lines(site) if line["level"] in ("error", "critical")]
    assert [line for line in errors if line.get("event") not in expected] == []


async def assert_replays(site: RigSite) -> None:
    """Run the site's journal again: the same inputs lead to the same commands and state."""
    report = await asyncio.to_thread(replay, site.folder / "journal.db")
    assert report.differences == []
    assert report.inputs > 0
    assert report.outcomes_compared > 0
