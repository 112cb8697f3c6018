"""A whole site: a real Asterisk, and ctid as a process of its own beside it, made to fit each other."""

from __future__ import annotations

import asyncio
import base64
import copy
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import yaml

from ctid.client import Client
from ctid.desktop.identity.auth import Authority, Role
from ctid.model.access import Grant
from ctid.model.speech import Speech
from ctid.pbx_adapters.asterisk_config import Dialplan, ManagerUser, Release, fragments, notify_user_conf
from ctid.spec.loader import config_files
from ctid.spec.speech import SpeechSpec
from ctid.speech.sources import Sources
from sip_test_rig import tones
from sip_test_rig.asterisk import Asterisk
from sip_test_rig.asterisk_config import DEMO_AMI_SECRET, Endpoint
from sip_test_rig.desktop import Desktop
from sip_test_rig.far_pbx import Distance, FarLines
from sip_test_rig.ports import take_block
from sip_test_rig.web_phones import web_phone_files, web_phones_config

TOKEN_SECRET: Final = "demo-only-token-secret-0123456789abcdef"
READY_TIME_LIMIT_S: Final = 60.0
STOP_TIME_LIMIT_S: Final = 30.0
_CHECKOUT: Final = Path(__file__).resolve().parent.parent

RECORDINGS: Final = "/rig/spool/ctid"
"""Where Asterisk writes recordings, as it sees the folder."""

NOTIFIER: Final = "ctid-notify"
"""The manager user with whom phones are told to answer, if an agent's phone can be."""

SPEECH: Final = "/rig/spool/speech"
"""Where Asterisk reads what is spoken, likewise."""

PROMPTS: Final = {
    "ctid/welcome": 350.0,
    "ctid/main-menu": 440.0,
    "ctid/no-key": 1_250.0,
    "ctid/wrong-key": 1_450.0,
    "ctid/closed": 1_050.0,
    "ctid/sorry": 1_150.0,
}
"""Prompts as tones, so that a test can tell which one was heard."""

_LONG_PROMPTS: Final = {"ctid/welcome", "ctid/main-menu"}
"""Keys are pressed into these: there has to be time for it, however busy the machine is."""


class CtidError(Exception):
    """The daemon did not start, or did not stop."""


NUMBER_DIAL: Final = "PJSIP/{number}"
"""Numbers outside are phones of the rig: 1004 is the phone 1004."""


class CtidProcess:
    """``ctid run`` as a process.

    Args:
        folder: Its configuration and data; ``config/*.yaml`` there is what it reads.
        api_port: Where its API listens.
    """

    def __init__(self, folder: Path, api_port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{api_port}"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> Path:
        """What it wrote to standard error."""
        return self.folder / "ctid.log"

    @property
    def pid(self) -> int:
        """Its process id."""
        if self._process is None:
            raise CtidError("ctid was not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    async def start(self, *, ready: bool = True) -> None:
        """Start it, and wait until ``/readyz`` says so.

        Raises:
            CtidError: It ended, or was not ready in time.
        """
        environment = {**os.environ, "PYTHONPATH": str(_CHECKOUT), "PYTHONUNBUFFERED": "1"}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "ctid", "run",
                "--config", str(self.folder / "config"),
                cwd=self.folder, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        if ready:
            await self.until_ready()

    async def until_ready(self, ready: bool = True, timeout: float = READY_TIME_LIMIT_S) -> None:
        """Wait until ``/readyz`` tells what is wanted.

        Raises:
            CtidError: It did not in time, or the process ended.
        """
        answer = ""
        try:
            async with asyncio.timeout(timeout), aiohttp.ClientSession() as session:
                while True:
                    if self._process is None or self._process.returncode is not None:
                        raise CtidError(f"ctid ended\n{self._tail()}")
                    try:
                        async with session.get(f"{self.url}/readyz") as response:
                            answer = await response.text()
                            if (response.status == 200) is ready:
                                return
                    except aiohttp.ClientError:
                        pass
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise CtidError(f"ctid was not {'ready' if ready else 'unready'}: {answer}\n{self._tail()}") from None

    async def kill(self) -> None:
        """End it by SIGKILL."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """End it by SIGTERM and give its exit code; one that hangs is killed.

        Raises:
            CtidError: It had to be killed.
        """
        return await self._end(signal.SIGTERM)

    def reload(self) -> None:
        """Have it read its configuration again."""
        os.kill(self.pid, signal.SIGHUP)

    async def _end(self, how: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(how)
            try:
                await asyncio.wait_for(process.wait(), STOP_TIME_LIMIT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
                raise CtidError(f"ctid did not stop\n{self._tail()}") from None
        return process.returncode or 0

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-4_000:] if self.log.exists() else "(no log)"


def demo_config() -> dict[str, Any]:
    """The demo's configuration as plain data, for tests to change what they are about."""
    data: dict[str, Any] = {}
    for file in config_files(_CHECKOUT / "config" / "demo"):
        data.update(yaml.safe_load(file.read_text(encoding="utf-8")))
    return data


class RigSite:
    """Asterisk and ctid, started together, each by its own means.

    Args:
        config: ctid's configuration as plain data; addresses and secrets of the rig are filled in.
        contacts: Device names (``1001``) to fixed SIP contacts, for phones that do not register.
        release: Which Asterisk.
        sounds: Prompts; tones where none are given.
        extensions: More dialplan, below ctid's own.
        files: More files for Asterisk's configuration, by name.
        api_port: Where ctid's API listens; a free port where none is given.
        agi_port: Where its FastAGI server listens, likewise.
        ami_port: Where ctid finds Asterisk's manager interface; that itself where nothing is given.
        web_host: The loopback address at which browsers reach ctid and Asterisk; one of their own can be cut off.
        distance: How far ctid is from Asterisk; as the environment has it where none is given.

    Attributes:
        pbx: The Asterisk.
        ctid: The daemon.
        config: Its configuration; change it and call ``write_config`` before a reload.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        *,
        contacts: Mapping[str, str] | None = None,
        release: Release = "22",
        sounds: Mapping[str, bytes] | None = None,
        extensions: str = "",
        files: Mapping[str, str] | None = None,
        api_port: int | None = None,
        agi_port: int | None = None,
        ami_port: int | None = None,
        web_host: str = "127.0.0.1",
        distance: Distance | None = None,
    ) -> None:
        self.config: dict[str, Any] = copy.deepcopy(dict(config)) if config is not None else demo_config()
        agents = self.config["agents"].values()
        devices = [_name(agent) for agent in agents if not agent.get("web_phone")]
        self._browsers = [_name(agent) for agent in agents if agent.get("web_phone")]
        fixed = contacts or {}
        # Of the rig's own range: a port of the kernel's may be some client's by the time that ctid listens.
        ports = take_block()
        self.agi_port = agi_port or ports.spare
        self.api_port = api_port or ports.api
        distance = distance or Distance.of_environment()
        self._far = FarLines(distance, ports, self.agi_port) if distance != Distance() and ami_port is None else None
        self._ami_port = self._far.ami_port if self._far else ami_port
        self._agi_at = self._far.agi_port if self._far else self.agi_port
        self.folder = Path(tempfile.mkdtemp(prefix="ctid-site-"))
        self._release: Release = release
        self._extensions = extensions
        self._ports = ports
        self._web_host = web_host
        texts = self._asterisk_texts(devices)
        if self._browsers:
            texts |= web_phone_files(web_host, ports, self._browsers)
        self.pbx = Asterisk(
            release,
            endpoints=[Endpoint(name=device, contact=fixed.get(device)) for device in devices],
            fragments={**texts, **(files or {})},
            sounds=sounds if sounds is not None else prompts(),
            ports=ports,
        )
        self.ctid = CtidProcess(self.folder, self.api_port)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start Asterisk, then ctid, and wait until it is ready."""
        try:
            if self._far:
                await self._far.open()
            await self.pbx.start()
            if self._records:
                self.spool.mkdir(exist_ok=True)
            self.write_config()
            await self.ctid.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop both and remove their folders."""
        try:
            await self.ctid.kill()
            await self.pbx.stop()
            if self._far:
                await self._far.close()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def write_config(self) -> None:
        """Write ctid's configuration with the rig's addresses and secrets."""
        ami = {
            "host": "127.0.0.1",
            "port": self._ami_port or self.pbx.ami_port,
            "username": "ctid",
            "secret": DEMO_AMI_SECRET,
            "ping_seconds": 2,
            "backoff_max_seconds": 2,
        }
        data = {
            "store": {"url": f"sqlite:///{self.folder}/ctid.db"},
            **self.config,
            "pbxes": {
                "main": {"ami": ami, "dial_out": NUMBER_DIAL, **self._web_phones(), **self._spool(), **self._notify()}
            },
            **self._recordings(),
            **self._speech(),
            "agi": {"host": "127.0.0.1", "port": self.agi_port},
            "api": {
                **self.config.get("api", {}),
                # In a network namespace that has nothing else, this is the loopback too.
                "host": "127.0.0.1" if self._web_host == "127.0.0.1" else "0.0.0.0",
                "port": self.api_port,
                "token_secret": TOKEN_SECRET,
            },
            "journal": {**self.config.get("journal", {}), "path": str(self.folder / "journal.db")},
        }
        folder = self.folder / "config"
        folder.mkdir(exist_ok=True)
        (folder / "ctid.yaml").write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")

    @property
    def spool(self) -> Path:
        """Where Asterisk writes recordings, seen from the host."""
        return self.pbx.folder / "spool/ctid"

    @property
    def web_url(self) -> str:
        """Where browsers find the pages."""
        return f"http://{self._web_host}:{self.api_port}"

    def token(self, subject: str, role: Role = Role.AGENT) -> str:
        """A token of this site."""
        authority = Authority(TOKEN_SECRET, self.config["site"])
        return authority.issue(subject, role, subject if role is Role.AGENT else "")

    def desktop(self, agent_id: str) -> Desktop:
        """An agent's desktop."""
        return Desktop(self.ctid.url, self.token(agent_id), agent_id)

    def client(self, grant: Grant) -> Client:
        """A client of somebody who may do this."""
        token = Authority(TOKEN_SECRET, self.config["site"]).grant(grant, time.time() + 3_600)
        return Client(self.ctid.url, token, tries=1)

    def supervisor(self) -> Desktop:
        """A supervisor's desktop, which sees all."""
        return Desktop(self.ctid.url, self.token("supervisor", Role.SUPERVISOR))

    @property
    def _records(self) -> bool:
        return "recordings" in self.config

    def _spool(self) -> dict[str, Any]:
        records = {"recordings": {"asterisk": RECORDINGS, "ctid": str(self.spool)}} if self._records else {}
        return {**records, **({"speech": SPEECH} if "speech" in self.config else {})}

    def _speech(self) -> dict[str, Any]:
        """How texts become sound, in a folder that Asterisk reads."""
        if "speech" not in self.config:
            return {}
        return {"speech": {**self.config["speech"], "folder": str(self.pbx.folder / "spool/speech")}}

    def sound(self, text: str, language: str = "en") -> tones.Samples:
        """What is heard where ctid has this text spoken, to be known again by ear; it was spoken, or prepared.

        Raises:
            FileNotFoundError: It was not.
        """
        spec = SpeechSpec.model_validate(self._speech()["speech"])
        source = Sources(spec).of(Speech(text=text, language=language))
        return tones.from_wav((spec.folder / f"{source.name}.wav").read_bytes())

    def _recordings(self) -> dict[str, Any]:
        """Where recordings are kept, encrypted with a key of the site's own."""
        if not self._records:
            return {}
        key = self.folder / "recordings.key"
        if not key.exists():
            key.write_bytes(base64.b64encode(os.urandom(32)))
        given = self.config["recordings"]
        return {"recordings": {"folder": str(self.folder / "recordings"), "key": f"file:{key}", **given}}

    def _notify(self) -> dict[str, Any]:
        told = any(agent.get("notify_talk") for agent in self.config["agents"].values())
        return {"notify": {"username": NOTIFIER, "secret": DEMO_AMI_SECRET}} if told else {}

    def _web_phones(self) -> dict[str, Any]:
        return {"web_phones": web_phones_config(self._web_host, self._ports)} if self._browsers else {}

    def _asterisk_texts(self, phones: Sequence[str]) -> dict[str, str]:
        texts = fragments(
            ManagerUser(name="ctid", secret=DEMO_AMI_SECRET),
            Dialplan(
                pbx="main",
                agi=f"127.0.0.1:{self._agi_at}",
                number_dial=NUMBER_DIAL,
                phones=phones,
                recordings=RECORDINGS if self._records else "",
                emergency_numbers=["110", "112"],
                places={
                    _name(agent): agent["emergency_caller_id"]
                    for agent in self.config["agents"].values()
                    if "emergency_caller_id" in agent
                },
            ),
            (),
            self._release,
        )
        if self._notify():
            texts["manager.conf"] += notify_user_conf(ManagerUser(name=NOTIFIER, secret=DEMO_AMI_SECRET))
        own = f"[from-carrier]\ninclude => ctid-in\n[internal]\n{self._extensions}\ninclude => ctid-phones\n"
        dialplan = f"{texts['extensions.conf']}\n{own}"
        return {"manager.conf": texts["manager.conf"], "extensions.conf": dialplan}


def _name(agent: Mapping[str, Any]) -> str:
    return str(agent["device"]).removeprefix("PJSIP/")


def prompts(seconds: float = 0.5, **others: float) -> dict[str, bytes]:
    """The prompts as WAV files, so long each but for those into which keys are pressed; others by name (`no_key=2`)."""
    lengths = {name: max(seconds, 1.5) if name in _LONG_PROMPTS else seconds for name in PROMPTS}
    lengths |= {f"ctid/{name.replace('_', '-')}": length for name, length in others.items()}
    return {name: tones.to_wav(tones.tone(PROMPTS[name], length)) for name, length in lengths.items()}


def fixed_contacts(devices: Sequence[str], host: str, port: int) -> dict[str, str]:
    """Contacts that send the calls of all these devices to one SIP user agent, such as a SIPp."""
    return {device: f"sip:{device}@{host}:{port}" for device in devices}
