"""SIPp: callers and phones by scenario, for what friendly phones don't do (busy, decline, silence, loss) and for load.

Scenarios lie in `scenarios/`; each says in its first lines what it does and which values it takes.
"""

from __future__ import annotations

import asyncio
import csv
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sip_test_rig import dtmf_events, tones
from sip_test_rig.asterisk_config import CARRIER_ADDRESS
from sip_test_rig.ports import free_port
from sip_test_rig.reaper import ReapedFolder

SCENARIOS: Final = Path(__file__).parent / "scenarios"
PHONE_ADDRESS: Final = "127.0.0.3"
"""Where SIPp's phones live: neither Asterisk's address nor the carrier's."""
BINARY: Final = "sipp"
_POLL_S: Final = 0.02
_STOP_GRACE_S: Final = 3.0
_DEFAULTS: Final[Mapping[str, str | int]] = {
    "caller": "+12025550123",
    "forward_to": "1009@127.0.0.1",
    "press_after_ms": 500,
    "wander_ms": 4000,
    "hang_up_after_ms": 2000,
    "answer_after_ms": 200,
    "cancel_after_ms": 500,
    "talk_least_ms": 500,
    "talk_most_ms": 500,
}


class SippError(Exception):
    """SIPp is missing, did not start, or ran over its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SippResult:
    """What a run came to.

    Attributes:
        exit_status: 0 when every call went as the scenario says.
        created: calls begun.
        successful: calls that went as the scenario says.
        failed: calls that did not.
        response_ms: mean time from INVITE to 200 of a caller; 0 for phones.
        errors: SIPp's error log; empty when all went well.
    """

    exit_status: int
    created: int
    successful: int
    failed: int
    response_ms: float
    errors: str

    @property
    def ok(self) -> bool:
        """Whether there were calls and all went as the scenario says."""
        return self.created > 0 and self.successful == self.created and self.failed == 0


class Sipp:
    """One SIPp process.

    Args:
        scenario: a name in `scenarios/` without ending, or the path of a scenario file.
        to: host and port called (callers only).
        number: what is dialled (callers only).
        calls: how many calls; None for a phone that serves until `stop()`.
        rate: calls a second begun (callers only).
        at_once: most calls at a time (callers only).
        tone_hz: the tone that it speaks.
        digits: the keys that it presses, in scenarios that press any.
        values: what the scenario takes: whole numbers for its `@times@` in ms, texts for its `[keywords]`.
        host: its own address; left out, the carrier's for a caller and a phone's for a phone.
        time_limit_s: after this it is ended and counts as failed.
    """

    def __init__(
        self,
        scenario: str | Path,
        *,
        to: tuple[str, int] | None = None,
        number: str = "600",
        calls: int | None = 1,
        rate: float = 10.0,
        at_once: int | None = None,
        tone_hz: float = 740,
        digits: str = "1",
        values: Mapping[str, str | int] | None = None,
        host: str | None = None,
        time_limit_s: float = 60.0,
    ) -> None:
        self.scenario = scenario if isinstance(scenario, Path) else SCENARIOS / f"{scenario}.xml"
        if not self.scenario.is_file():
            raise SippError(f"no such scenario: {self.scenario}")
        self.host = host or (PHONE_ADDRESS if to is None else CARRIER_ADDRESS)
        self.port = free_port(self.host)
        self._to = to
        self._number = number
        self._calls = calls
        self._rate = rate
        self._at_once = at_once
        self._tone_hz = tone_hz
        self._digits = digits
        self._values = {**_DEFAULTS, **(values or {})}
        self._time_limit_s = time_limit_s
        self._folder: ReapedFolder | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._result: SippResult | None = None

    def contact(self, user: str) -> str:
        """Tell the fixed contact of this phone, for `Endpoint(contact=...)`."""
        return f"sip:{user}@{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """The process id."""
        return self._started().pid

    @property
    def folder(self) -> Path:
        """Its working folder, there until `stop()`."""
        if self._folder is None:
            raise SippError("SIPp was not started")
        return self._folder.path

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start; a phone is ready to be called when this returns.

        Raises:
            SippError: SIPp is not installed or ended at once.
        """
        if shutil.which(BINARY) is None:
            raise SippError("sipp is missing: apt-get update && apt-get install -y sip-tester")
        self._folder = ReapedFolder("ctid-sipp-")
        folder = self._folder.path
        self._result = None
        (folder / "tone.ul").write_bytes(tones.to_ulaw(tones.tone(self._tone_hz, 10.0)))
        (folder / "digits.pcap").write_bytes(dtmf_events.to_pcap(self._digits))
        (folder / "scenario.xml").write_text(self._filled_in(), encoding="utf-8")
        with (folder / "screen").open("wb") as screen:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(), cwd=folder,
                stdin=asyncio.subprocess.DEVNULL, stdout=screen, stderr=screen, start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(30):
                while not self._listens():
                    if self._process.returncode is not None:
                        break
                    await asyncio.sleep(_POLL_S)
        except BaseException:
            await self.stop()
            raise
        if self._process.returncode not in (None, 0) and self._statistics().get("TotalCallCreated", "0") == "0":
            errors = self._errors()
            await self.stop()
            raise SippError(f"SIPp did not start: {errors}")

    async def wait(self) -> SippResult:
        """Wait until all calls are over, and tell how they went.

        Raises:
            SippError: it ran over its time; the message holds its error log.
        """
        process = self._started()
        try:
            await asyncio.wait_for(process.wait(), self._time_limit_s + _STOP_GRACE_S)
        except TimeoutError as late:
            errors = self._errors()
            await self._end()
            raise SippError(f"SIPp was not done within {self._time_limit_s:.0f} s: {errors}") from late
        return self._collect()

    async def stop(self) -> SippResult | None:
        """End it and remove its folder; tells how the calls went, None when it never ran."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGUSR1)
            try:
                await asyncio.wait_for(self._process.wait(), _STOP_GRACE_S)
            except TimeoutError:
                await self._end()
        if self._folder is not None:
            if self._process is not None:
                self._collect()
            await asyncio.to_thread(self._folder.remove)
            self._folder = None
        self._process = None
        return self._result

    async def run(self) -> SippResult:
        """Start, wait and clean up in one."""
        async with self:
            return await self.wait()

    def _command(self) -> list[str]:
        command = ["setpriv", "--pdeathsig", "KILL", BINARY]
        if self._to is not None:
            command += [
                f"{self._to[0]}:{self._to[1]}",
                "-s",
                self._number,
                "-r",
                f"{max(1, round(self._rate * 10))}",
                "-rp",
                "10000",
            ]
            command += ["-l", str(self._at_once)] if self._at_once is not None else []
        command += ["-sf", "scenario.xml", "-i", self.host, "-mi", self.host, "-p", str(self.port)]
        command += ["-mp", str(free_port(self.host)), "-ci", self.host, "-cp", str(free_port(self.host)), "-bind_local"]
        command += ["-m", str(self._calls)] if self._calls is not None else []
        command += ["-nostdin", "-timeout", f"{self._time_limit_s:.0f}s", "-timeout_error"]
        command += ["-trace_err", "-error_file", "errors", "-trace_stat", "-stf", "statistics.csv", "-fd", "1"]
        for key, value in self._values.items():
            if isinstance(value, str):
                command += ["-key", key, value]
        return command

    def _filled_in(self) -> str:
        """Put the times in: SIPp takes keywords in messages only, and a pause takes a `-set` variable for 0."""
        text = self.scenario.read_text(encoding="utf-8")
        for key, value in self._values.items():
            if isinstance(value, int):
                text = text.replace(f"@{key}@", str(value))
        return text

    def _listens(self) -> bool:
        """Look the socket up in the kernel's table: SIPp says nowhere that it is ready."""
        address = "".join(f"{int(part):02X}" for part in reversed(self.host.split(".")))
        return f" {address}:{self.port:04X} " in Path("/proc/net/udp").read_text()

    def _collect(self) -> SippResult:
        if self._result is None:
            statistics = self._statistics()
            status = self._started().returncode
            self._result = SippResult(
                exit_status=-1 if status is None else status,
                created=int(statistics.get("TotalCallCreated") or 0),
                successful=int(statistics.get("SuccessfulCall(C)") or 0),
                failed=int(statistics.get("FailedCall(C)") or 0),
                response_ms=_milliseconds(statistics.get("ResponseTime1(C)") or ""),
                errors=self._errors(),
            )
        return self._result

    def _statistics(self) -> dict[str, str]:
        path = self.folder / "statistics.csv"
        if not path.exists():
            return {}
        rows = list(csv.DictReader(path.read_text().splitlines(), delimiter=";"))
        return rows[-1] if rows else {}

    def _errors(self) -> str:
        folder = self.folder
        errors = folder / "errors"
        text = errors.read_text(errors="replace") if errors.exists() else ""
        return text or ("" if self._statistics() else (folder / "screen").read_text(errors="replace")[-2000:])

    async def _end(self) -> None:
        process = self._started()
        if process.returncode is None:
            process.kill()
            await process.wait()

    def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise SippError("SIPp was not started")
        return self._process


def _milliseconds(clock: str) -> float:
    """Read SIPp's `hours:minutes:seconds:microseconds`."""
    parts = clock.split(":")
    if len(parts) != 4:
        return 0.0
    hours, minutes, seconds, microseconds = (int(part) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + microseconds / 1000
