"""A thousand callers in flows at once: one ctid on one core, its PBX played by this process on the other."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import shutil
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Final, cast

import yaml

from benchmarks.pressure import of_process
from benchmarks.spread import spread
from sip_test_rig import tones
from sip_test_rig.bank import Account, Bank
from sip_test_rig.eventually import eventually
from sip_test_rig.fake_ami import FakeAmi
from sip_test_rig.ports import PortBlock, take_block
from sip_test_rig.site import TOKEN_SECRET, CtidProcess, demo_config

SESSIONS: Final = 1_000
RAMP_S: Final = 20.0
WARM_UP_S: Final = 20.0
MEASURED_S: Final = 40.0
PROMPT_S: Final = (1.0, 6.0)
PRESS_S: Final = (0.2, 2.0)
QUEUED_S: Final = (2.0, 6.0)
GONE_S: Final = (0.0, 0.5)
KEYS: Final = "1234#"
"""What who is asked for digits types, one after another: an account of four digits, and the same as its code."""

_PREPARED_S: Final = 300.0
_INTERRUPTS: Final = 0.3
_OTHER_KEY: Final = 0.1
_NO_KEY: Final = 0.1
_HANGS_UP: Final = 0.01
_AUDIBLE: Final = ("STREAM FILE", "WAIT FOR DIGIT", "EXEC StartMusicOnHold")


class Line:
    """Where callers come in, one at a time: who hangs up is followed by the next.

    Attributes:
        gaps: Command that was over to the seconds until the caller heard, or was listened to, again.
        calls: How many callers there were.
        commands: How many commands came.
        open: How many are connected now.
        closing: Whether nobody calls any more.
    """

    def __init__(self, ami: FakeAmi, port: int) -> None:
        self.gaps: dict[str, list[float]] = defaultdict(list)
        self.calls = self.commands = self.open = 0
        self.chance = random.Random(20)
        self.closing = False
        self._ami = ami
        self._port = port
        self._tasks: set[asyncio.Task[Any]] = set()

    def call_later(self, seconds: float) -> None:
        """Somebody calls after so long."""
        asyncio.get_running_loop().call_later(seconds, self._call)

    def gone(self, unique_id: str) -> None:
        """A caller has hung up."""
        self.open -= 1
        self._ami.event("Hangup", Channel=f"PJSIP/carrier-{unique_id}", Uniqueid=unique_id, Cause="16")
        self.call_later(self.chance.uniform(*GONE_S))

    def _call(self) -> None:
        if self.closing:
            return
        self.calls += 1
        self.open += 1
        unique_id = f"1795000000.{self.calls}"
        self._ami.event("Newchannel", Channel=f"PJSIP/carrier-{unique_id}", Uniqueid=unique_id, Linkedid=unique_id)
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.create_connection(lambda: Caller(self, unique_id), "127.0.0.1", self._port))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Caller(asyncio.Protocol):
    """Asterisk's end of one FastAGI session, and who is at the phone."""

    def __init__(self, line: Line, unique_id: str) -> None:
        self._line = line
        self._unique_id = unique_id
        self._over: tuple[str, float] | None = None
        self._typed = 0
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        environment = {
            "network": "yes",
            "network_script": "in",
            "channel": f"PJSIP/carrier-{self._unique_id}",
            "uniqueid": self._unique_id,
            "callerid": f"+4930{self._line.calls:07}",
            "extension": "103",
            "arg_1": "pbx=main",
        }
        self._transport.write("".join(f"agi_{key}: {value}\n" for key, value in environment.items()).encode() + b"\n")

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._line.commands += 1
            command = next((each for each in _AUDIBLE if line.startswith(each.encode())), "")
            if command and self._over is not None:
                self._line.gaps[self._over[0]].append(now - self._over[1])
                self._over = None
            self._obey(command, line)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._line.gone(self._unique_id)

    def _obey(self, command: str, line: bytes) -> None:
        chance = self._line.chance
        if command and chance.random() < _HANGS_UP:
            self._after(chance.uniform(*PRESS_S), "HANGUP")
        match command:
            case "STREAM FILE":
                self._typed = 0
                may_press = not line.endswith(b'""')
                key = self._key() if may_press and chance.random() < _INTERRUPTS else ""
                # Who does not know yet what there is to press hears a part of it.
                self._after(chance.uniform(*PROMPT_S) * (0.5 if key else 1.0), _pressed(key), "a prompt")
            case "WAIT FOR DIGIT":
                key = "" if chance.random() < _NO_KEY else self._key()
                wait_s = int(line.split()[-1]) / 1000
                press_s = chance.uniform(*PRESS_S)
                if not key or press_s >= wait_s:
                    self._after(wait_s, _pressed(""), "no key")
                else:
                    self._after(press_s, _pressed(key), "a key")
            case "EXEC StartMusicOnHold":
                self._after(0.0, "200 result=0")
                self._after(chance.uniform(*QUEUED_S), "HANGUP")
            case _:
                self._after(0.0, "200 result=1")

    def _key(self) -> str:
        chance = self._line.chance
        key = KEYS[self._typed % len(KEYS)] if chance.random() >= _OTHER_KEY else chance.choice("2345678#")
        self._typed += 1
        return key

    def _after(self, seconds: float, reply: str, over: str = "") -> None:
        asyncio.get_running_loop().call_later(seconds, self._reply, reply, over)

    def _reply(self, reply: str, over: str) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(f"{reply}\n".encode())
        if reply == "HANGUP":
            self._transport.close()
        elif over:
            self._over = (over, time.perf_counter())


async def measure() -> dict[str, Any]:
    """Tell the gaps, in microseconds, what ctid did meanwhile, and how much of a core it took."""
    cores = sorted(os.sched_getaffinity(0))
    ports = take_block()
    folder = Path(tempfile.mkdtemp(prefix="ctid-bench-"))
    ctid = CtidProcess(folder, ports.api)
    try:
        async with FakeAmi() as ami, Bank() as bank:
            bank.accounts = {KEYS[:4]: Account(KEYS[:4], "1250.50", "Ada Lovelace")}
            _write_config(folder, ports, ami, bank)
            os.sched_setaffinity(0, cores[:1])
            await ctid.start()
            os.sched_setaffinity(0, cores[-1:])
            await eventually(lambda: b"speech.prepared" in ctid.log.read_bytes(), "all is spoken", timeout=_PREPARED_S)
            return await _load(Line(ami, ports.spare), bank, ctid.pid)
    finally:
        os.sched_setaffinity(0, cores)
        await ctid.kill()
        ports.release()
        shutil.rmtree(folder)


async def _load(line: Line, bank: Bank, pid: int) -> dict[str, Any]:
    for number in range(SESSIONS):
        line.call_later(RAMP_S * number / SESSIONS)
    await asyncio.sleep(RAMP_S + WARM_UP_S)
    if line.open < SESSIONS * 0.95:
        raise RuntimeError(f"only {line.open} of {SESSIONS} callers are there")
    line.gaps.clear()
    bank.asked.clear()
    gc.collect()
    gc.disable()
    began, (used, queued), calls, commands = time.monotonic(), of_process(pid), line.calls, line.commands
    await asyncio.sleep(MEASURED_S)
    took_s, (used_end, queued_end) = time.monotonic() - began, of_process(pid)
    gc.enable()
    line.closing = True
    gaps = {"gap": [gap for each in line.gaps.values() for gap in each]}
    gaps |= {f"gap after {name}": each for name, each in line.gaps.items()}
    return {
        "figures": {name: spread(each, "µs") for name, each in gaps.items()},
        "sessions": line.open,
        "calls": line.calls - calls,
        "lookups": len(bank.asked),
        "commands_per_second": round((line.commands - commands) / took_s),
        "time_ctid_had_a_processor": f"{(used_end - used) / took_s:.0%}",
        "time_ctid_waited_for_a_processor": f"{(queued_end - queued) / took_s:.0%}",
    }


def _write_config(folder: Path, ports: PortBlock, ami: FakeAmi, bank: Bank) -> None:
    config = demo_config()
    speech, voice = folder / "speech", folder / "voice.wav"
    voice.write_bytes(tones.to_wav(tones.tone(440, 0.1)))
    # Nobody listens: what a voice takes for it, while callers come or before, is not what is measured.
    speaks = {"command": ["cp", str(voice), "{file}"]}
    pbx = config["pbxes"]["main"]
    pbx["ami"]["port"], pbx["speech"] = ami.port, str(speech)
    config["lookups"]["balance"]["http"]["url"] = f"{bank.url}/balance"
    config |= {
        "speech": {"folder": str(speech), "voices": {"en": speaks, "zh": speaks}},
        "agi": {"host": "127.0.0.1", "port": ports.spare},
        "api": {"host": "127.0.0.1", "port": ports.api, "token_secret": TOKEN_SECRET},
        "journal": {"path": str(folder / "journal.db")},
        "store": {"url": f"sqlite:///{folder}/ctid.db"},
    }
    (folder / "config").mkdir()
    text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
    (folder / "config" / "ctid.yaml").write_text(text, encoding="utf-8")


def _pressed(key: str) -> str:
    return f"200 result={ord(key) if key else 0} endpos=8000"
