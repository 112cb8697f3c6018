"""Asterisk: one running PBX of the rig, with its own folder, ports and mounts, of which nothing is left when it stops.

It also leaves nothing when the Python process that started it is killed: the mounts live in a mount namespace of
their own, the kernel kills Asterisk with its parent, and a small reaper that waits for the end of our pipe removes
the folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sip_test_rig import tones
from sip_test_rig.asterisk_config import DEMO_AMI_SECRET, MAILBOX, Endpoint, base_files, manager_general
from sip_test_rig.ports import PortBlock, take_block
from sip_test_rig.provision import provision
from sip_test_rig.reaper import ReapedFolder

START_TIME_LIMIT_S: Final = 60.0
STOP_TIME_LIMIT_S: Final = 30.0
CLI_TIME_LIMIT_S: Final = 30.0
_POLL_S: Final = 0.02

_RUN = """\
mount --bind /dev "$1/dev" && mount -t proc proc "$1/proc" && mount --bind "$2" "$1/rig" &&
exec chroot "$1" /usr/sbin/asterisk -f -C /rig/etc/asterisk.conf
"""

Fragment = str | Callable[["Asterisk"], str]


class AsteriskError(Exception):
    """Asterisk did not start, died, or refused a command."""


class Asterisk:
    """One Asterisk on 127.0.0.1.

    A fragment is a text, or a function of this instance (which knows the ports) that returns one. It is added to
    the rig's file of that name. For `extensions.conf` it takes the place of the starter dialplan, and for
    `manager.conf` of the demo user; one with a `[general]` section of its own takes the place of the whole file.

    Args:
        release: which Asterisk: "22" or "16".
        endpoints: the phones it knows.
        fragments: additions to configuration files, by file name.
        sounds: WAV files by name without ending (`"menu/welcome"`), played with `Playback(menu/welcome)`.
        ami_user: the demo manager user, or the one that your `manager.conf` fragment defines.
        ami_secret: its secret.
        ports: its ports, where somebody took them already; given back by `stop()`.
        carrier: whether calls from 127.0.0.2 are those of the built-in endpoint `carrier` (context `from-carrier`).
    """

    def __init__(
        self,
        release: str = "22",
        *,
        endpoints: Sequence[Endpoint] = (),
        fragments: Mapping[str, Fragment] | None = None,
        sounds: Mapping[str, bytes] | None = None,
        ami_user: str = "ctid",
        ami_secret: str = DEMO_AMI_SECRET,
        carrier: bool = True,
        ports: PortBlock | None = None,
    ) -> None:
        self.release = release
        self.endpoints = tuple(endpoints)
        self.host = "127.0.0.1"
        self.ami_user = ami_user
        self.ami_secret = ami_secret
        self._fragments = dict(fragments or {})
        self._sounds = dict(sounds or {})
        self._carrier = carrier
        self._root: Path | None = None
        self._folder: ReapedFolder | None = None
        self._ports = ports
        self._process: asyncio.subprocess.Process | None = None

    @property
    def ports(self) -> PortBlock:
        """All ports of this instance; known from `prepare()` or `start()` on."""
        if self._ports is None:
            raise AsteriskError("not prepared: no ports yet")
        return self._ports

    @property
    def sip_port(self) -> int:
        """SIP over UDP."""
        return self.ports.sip

    @property
    def ami_port(self) -> int:
        """The manager interface, TCP."""
        return self.ports.ami

    @property
    def rtp_range(self) -> tuple[int, int]:
        """First and last RTP port."""
        return self.ports.rtp

    @property
    def folder(self) -> Path:
        """The instance's own folder, seen from the host; Asterisk sees it as `/rig`."""
        if self._folder is None:
            raise AsteriskError("not prepared: no folder yet")
        return self._folder.path

    @property
    def sounds_dir(self) -> Path:
        """Where prompts lie: `sounds_dir/"a.wav"` is `Playback(a)`."""
        return self.folder / "data/sounds"

    @property
    def log(self) -> Path:
        """Asterisk's log file."""
        return self.folder / "log/full"

    @property
    def pid(self) -> int:
        """The process id of the running Asterisk."""
        return self._running().pid

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def prepare(self) -> None:
        """Take the ports and lay the folder out, without starting; `start()` does it when it was not done."""
        if self._folder is not None:
            return
        self._root = await asyncio.to_thread(provision, self.release)
        self._ports = self._ports or take_block()
        self._folder = ReapedFolder("ctid-rig-")
        self._lay_out()

    async def start(self) -> None:
        """Start and return when Asterisk says that it is fully booted.

        Raises:
            AsteriskError: it died or did not boot in time; the message ends with its log.
            ProvisionError: there is no Asterisk folder and it cannot be made.
        """
        if self.is_running:
            raise AsteriskError("already running")
        try:
            await self.prepare()
            await self._launch()
        except BaseException:
            # One that is still booting heeds no SIGTERM, and has nothing to lose.
            await self.kill()
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop it and remove all that it had; may be called at any time, and again."""
        await self._end_process(signal.SIGTERM)
        if self._folder is not None:
            await asyncio.to_thread(self._folder.remove)
            self._folder = None
        if self._ports is not None:
            self._ports.release()
            self._ports = None

    async def kill(self) -> None:
        """Kill it (SIGKILL); folder, database and ports stay for `start()`."""
        await self._end_process(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop it in an orderly way, and start it on the same ports with the same folder."""
        await self._end_process(signal.SIGTERM)
        await self.start()

    def pause(self) -> None:
        """Freeze the process (SIGSTOP): its sockets stay open and nothing answers from when this returns."""
        os.kill(self.pid, signal.SIGSTOP)
        # Threads stop one after the other, and on a busy machine one of them may still answer meanwhile.
        deadline = time.monotonic() + STOP_TIME_LIMIT_S
        while any(state != "T" for state in self._thread_states()) and time.monotonic() < deadline:
            time.sleep(0.001)

    def _thread_states(self) -> list[str]:
        states = []
        for stat in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            # A thread may end while we look.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                states.append(stat.read_text().rpartition(")")[2].split()[0])
        return states

    def resume(self) -> None:
        """Let a frozen process go on."""
        os.kill(self.pid, signal.SIGCONT)

    async def cli(self, command: str) -> str:
        """Run a command of Asterisk's console and return what it printed.

        Raises:
            AsteriskError: Asterisk is not running, or did not answer.
        """
        process = await asyncio.create_subprocess_exec(
            "nsenter", f"--mount=/proc/{self.pid}/ns/mnt", "chroot", str(self._root),
            "/usr/sbin/asterisk", "-C", "/rig/etc/asterisk.conf", "-rx", command,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = await asyncio.wait_for(process.communicate(), CLI_TIME_LIMIT_S)
        except BaseException as stopped:
            if process.returncode is None:
                process.kill()
                await process.wait()
            if isinstance(stopped, TimeoutError):
                raise AsteriskError(f"{command!r} did not answer within {CLI_TIME_LIMIT_S:.0f} s") from stopped
            raise
        text = output.decode("utf-8", "replace")
        if process.returncode != 0:
            raise AsteriskError(f"{command!r} failed: {text.strip()}")
        return text

    async def channels(self) -> list[str]:
        """Name the channels that are up."""
        lines = (await self.cli("core show channels concise")).splitlines()
        return [line.split("!", 1)[0] for line in lines if "!" in line]

    async def registered(self) -> set[str]:
        """Name the endpoints that have a contact, registered or fixed."""
        lines = (await self.cli("pjsip show contacts")).splitlines()
        return {
            line.split()[1].split("/", 1)[0]
            for line in lines
            if line.strip().startswith("Contact:") and "<Aor" not in line
        }

    def messages(self) -> list[Path]:
        """The messages in the rig's mailbox, as WAV files, in the order they came."""
        mailbox, _, context = MAILBOX.partition("@")
        return sorted((self.folder / f"spool/voicemail/{context}/{mailbox}/INBOX").glob("msg*.wav"))

    def _lay_out(self) -> None:
        folder = self.folder
        for name in ("etc", "lib/keys", "data/sounds", "data/agi-bin", "spool", "run", "log", "cache", "moh"):
            (folder / name).mkdir(parents=True)
        assert self._root is not None
        shared = self._root / "usr/share/asterisk"
        (folder / "data/documentation").symlink_to("/usr/share/asterisk/documentation")
        for language in (shared / "sounds").iterdir():
            (folder / "data/sounds" / language.name).symlink_to(f"/usr/share/asterisk/sounds/{language.name}")
        (folder / "moh/music.wav").write_bytes(tones.to_wav(tones.tone(tones.MUSIC_HZ, 10.0)))
        for name, wav in self._sounds.items():
            path = self.sounds_dir / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wav)
        files = base_files(self.ports, self.endpoints, self.ami_user, self.ami_secret, carrier=self._carrier)
        for name, fragment in self._fragments.items():
            files[name] = self._merge(
                name, files.get(name, ""), fragment if isinstance(fragment, str) else fragment(self)
            )
        for name, text in files.items():
            path = folder / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def _merge(self, name: str, base: str, text: str) -> str:
        # Without our [directories] it would run on its stock configuration and ports.
        if name == "asterisk.conf":
            return f"{base}\n{text}"
        if any(line.strip().startswith("[general]") for line in text.splitlines()):
            return text
        if name == "manager.conf":
            return f"{manager_general(self.ports)}\n{text}"
        if name == "extensions.conf":
            return text
        return f"{base}\n{text}"

    async def _launch(self) -> None:
        with (self.folder / "log/console").open("ab") as console:
            self._process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private",
                "/bin/sh", "-c", _RUN, "run", str(self._root), str(self.folder),
                stdin=asyncio.subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(START_TIME_LIMIT_S):
                await self._booted()
        except TimeoutError as late:
            raise AsteriskError(
                f"Asterisk did not boot within {START_TIME_LIMIT_S:.0f} s\n{self._log_tail()}"
            ) from late

    async def _booted(self) -> None:
        socket = self.folder / "run/asterisk.ctl"
        while True:
            if not self.is_running:
                raise AsteriskError(f"Asterisk ended while it started\n{self._log_tail()}")
            if socket.exists():
                try:
                    if "fully booted" in await self.cli("core waitfullybooted"):
                        return
                except AsteriskError:
                    # The socket is there a moment before Asterisk listens on it.
                    pass
            await asyncio.sleep(_POLL_S)

    async def _end_process(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        if how is not signal.SIGKILL:
            # A frozen process would take no signal.
            process.send_signal(signal.SIGCONT)
        try:
            await asyncio.wait_for(process.wait(), STOP_TIME_LIMIT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        (self.folder / "run/asterisk.ctl").unlink(missing_ok=True)

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            raise AsteriskError("Asterisk is not running")
        return self._process

    def _log_tail(self) -> str:
        parts = [
            path.read_text(errors="replace")[-2000:]
            for path in (self.folder / "log/console", self.log)
            if path.exists()
        ]
        return "\n".join(parts)
