"""Server: takes FastAGI connections, ties each to its leg, and hands commands to the leg's session.

The dialplan does not trust us: it plays music and asks again until a session was ended in earnest. So to
close a connection that cannot be served is always safe.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from ctid.errors import OverloadedError, PbxConnectionError, PbxProtocolError, PbxTimeoutError
from ctid.model.commands import AgiCommand, ReleaseLeg
from ctid.model.events import AgiEnded, CallArrived, CallerReturned, CallSentOn, CallUndelivered, DecisionAsked, Event
from ctid.pbx_adapters.agi.dialogue import READ_BYTES
from ctid.pbx_adapters.agi.parser import AgiEvent, AgiParser, Environment
from ctid.pbx_adapters.agi.ports import SpeechFiles
from ctid.pbx_adapters.agi.session import AgiSession
from ctid.telemetry.metrics import Metrics

FALLBACK: Final = "fallback"
"""Where the dialplan goes when it asks for a script that we don't know."""

FLOW: Final = "flow"
"""The argument of ``decide`` that names the flow."""

BACKLOG: Final = 1_024
MAX_ARGUMENTS: Final = 64
MAX_VALUE_CHARS: Final = 1_024
ENVIRONMENT_SECONDS: Final = 5.0
"""Asterisk writes the environment in one go."""

_ATTRIBUTE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_UNIQUE_ID: Final = re.compile(r"[\x21-\x7e]{1,150}")
_WITHHELD: Final = frozenset({"", "unknown", "<unknown>", "anonymous", "restricted"})
_CAUSES: Final = {"BUSY": "busy", "NOANSWER": "no_answer", "CHANUNAVAIL": "unreachable", "CONGESTION": "failed"}
"""What ``Dial()`` says in ``DIALSTATUS`` of a number that did not answer."""

_REJECTED: Final = "21"
"""The Q.850 cause of who does not want the call; ``Dial()`` only knows that nobody is there."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the dialplan asks for.

    Attributes:
        script: ``in``, ``decide``, ``after``, ``transfer`` or ``undelivered``.
        pbx: What the dialplan says which PBX it runs on, empty if it says nothing.
        music: The class of the music that it plays already, empty if it plays none.
        attributes: Its other arguments.
    """

    script: str
    pbx: str
    music: str
    unique_id: str
    ani: str
    dnis: str
    attributes: dict[str, str]


class AgiServer:
    """Our end of ``AGI(agi://...)``, for all PBXes.

    Emits ``CallArrived``, ``DecisionAsked``, ``CallerReturned``, ``CallSentOn`` or ``CallUndelivered`` when a session
    begins, ``DigitsCollected`` for each ``PlayAndCollect`` and ``RecordMessage``, and ``AgiEnded`` once when it is
    over, unless another session of the same leg took its place or the server is being stopped.
    """

    def __init__(
        self,
        host: str,
        port: int,
        emit: Callable[[Event], None],
        metrics: Metrics,
        *,
        pbxes: Collection[str],
        max_sessions: int = 5_000,
        recordings: Mapping[str, str] | None = None,
        seal: Callable[[str, str], None] | None = None,
        speech: SpeechFiles | None = None,
    ) -> None:
        """Make a server, not listening yet.

        Args:
            host: Address to listen at.
            port: Port to listen at, 0 for any that is free.
            emit: Takes events, at once. May refuse the first of a session by ``OverloadedError``: the
                connection is closed, and the dialplan comes again.
            metrics: Where to count.
            pbxes: Names that requests may give as ``pbx=``; if it is but one, it need not be given.
            max_sessions: Connections that are served at once; more are closed, and come again.
            recordings: PBX to the folder that it records messages to, as it sees it.
            seal: Takes what stands for sensitive digits, and these; without it they are dropped.
            speech: Gives the files of texts that are to be spoken.
        """
        self._seal = seal
        self._speech = speech
        self._recordings = recordings or {}
        self._host = host
        self._port = port
        self._emit = emit
        self._metrics = metrics
        self._pbxes = frozenset(pbxes)
        for pbx in pbxes:
            metrics.agi_sessions.labels(pbx=pbx).set(0)
        self._max_sessions = max_sessions
        self._sessions: dict[tuple[str, str], AgiSession] = {}
        self._connections = 0
        self._group: asyncio.TaskGroup | None = None
        self._socket: socket.socket | None = None

    @property
    def port(self) -> int:
        """The port it listens at, known after ``listen``."""
        assert self._socket is not None
        port: int = self._socket.getsockname()[1]
        return port

    async def listen(self) -> None:
        """Take the address; connections wait in its backlog until ``run``.

        Raises:
            PbxConnectionError: The address cannot be had.
        """
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            self._socket = socket.create_server((self._host, self._port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise PbxConnectionError(f"cannot listen at {self._host}:{self._port}: {error.strerror}") from error

    async def run(self) -> None:
        """Serve until cancelled; then close all connections without an event: their callers come again."""
        if self._socket is None:
            await self.listen()
        async with asyncio.TaskGroup() as group:
            self._group = group
            server = await asyncio.start_server(self._accept, sock=self._socket, backlog=BACKLOG)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._group = None
                server.close()

    def close(self) -> None:
        """Give the address back, also of a server that never came to ``run``; may be called again."""
        if self._socket is not None:
            self._socket.close()

    def execute(self, command: AgiCommand) -> bool:
        """Hand a command to its leg's session; false if it has none or too many wait. Never raises."""
        session = self._sessions.get((command.pbx, command.unique_id))
        return session is not None and session.put(command)

    # ---- private -------------------------------------------------------------------------------------------

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._group is None or self._connections >= self._max_sessions:
            self._refuse(writer, "too-many")
            return
        self._connections += 1
        self._group.create_task(self._serve(reader, writer), name="agi-connection")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            _keep_alive(writer)
            parser = AgiParser()
            request, early = await _read_request(reader, parser)
            pbx = next(iter(self._pbxes)) if not request.pbx and len(self._pbxes) == 1 else request.pbx
            if pbx not in self._pbxes:
                raise PbxProtocolError("the request names no PBX of ours")
            folder = self._recordings.get(pbx, "")
            session = AgiSession(
                pbx,
                request.unique_id,
                reader,
                writer,
                parser,
                self._emit,
                early,
                recordings=folder,
                seal=self._seal,
                speech=self._speech,
                music=request.music,
            )
            event = _beginning(pbx, request)
            if event is None:
                _log.warning("agi.script_unknown", pbx=pbx, unique_id=request.unique_id, script=request.script)
                self._metrics.agi_refused.labels(reason="script").inc()
                session.put(ReleaseLeg(pbx=pbx, unique_id=request.unique_id, next=FALLBACK))
                await session.run()
            else:
                await self._attend(session, event)
        except PbxTimeoutError:
            self._refuse(writer, "slow")
        except (PbxConnectionError, OSError):
            self._refuse(writer, "closed")
        except PbxProtocolError as error:
            self._refuse(writer, "garbage")
            _log.warning("agi.refused", detail=error.detail)
        except OverloadedError:
            self._refuse(writer, "overloaded")
        except Exception:
            # The root of a task: our bug must cost this leg's session, not the server.
            _log.error("agi.session_broken", exc_info=True)
        finally:
            self._connections -= 1
            _close(writer)

    async def _attend(self, session: AgiSession, event: Event) -> None:
        """Serve a session from its first event to ``AgiEnded``."""
        key = (session.pbx, session.unique_id)
        self._emit(event)
        former = self._sessions.get(key)
        self._sessions[key] = session
        if former is not None:
            former.close()
        open_sessions = self._metrics.agi_sessions.labels(pbx=session.pbx)
        open_sessions.inc()
        try:
            await session.run()
        except Exception:
            # Our bug, or a peer that is no Asterisk: it must cost this session, and the engine has to know of its end.
            _log.error("agi.session_broken", exc_info=True)
        finally:
            open_sessions.dec()
            current = self._sessions.get(key) is session
            if current:
                del self._sessions[key]
        if current:
            self._emit(AgiEnded(pbx=session.pbx, unique_id=session.unique_id))

    def _refuse(self, writer: asyncio.StreamWriter, reason: str) -> None:
        self._metrics.agi_refused.labels(reason=reason).inc()
        _close(writer)


async def _read_request(reader: asyncio.StreamReader, parser: AgiParser) -> tuple[_Request, list[AgiEvent]]:
    """Read the environment; return the request, and what came on its heels."""
    try:
        async with asyncio.timeout(ENVIRONMENT_SECONDS):
            while True:
                data = await reader.read(READ_BYTES)
                if not data:
                    raise PbxConnectionError("the connection ended before the AGI environment did")
                if events := parser.feed(data):
                    break
    except TimeoutError:
        raise PbxTimeoutError(f"no AGI environment within {ENVIRONMENT_SECONDS:g} s") from None
    first, *early = events
    assert isinstance(first, Environment)
    return _request(first.variables), early


def _request(variables: Mapping[str, str]) -> _Request:
    """Read what the dialplan asks for.

    Raises:
        PbxProtocolError: It tells no usable unique id, or too many arguments.
    """
    unique_id = variables.get("uniqueid", "")
    if not _UNIQUE_ID.fullmatch(unique_id):
        raise PbxProtocolError("the AGI environment tells no unique id")
    arguments: dict[str, str] = {}
    for name, argument in variables.items():
        key, equals, value = argument.partition("=")
        if name.startswith("arg_") and equals and _ATTRIBUTE.fullmatch(key):
            arguments[key] = value[:MAX_VALUE_CHARS]
    if len(arguments) > MAX_ARGUMENTS:
        raise PbxProtocolError(f"the AGI request has more than {MAX_ARGUMENTS} arguments")
    ani = arguments.pop("ani", "") or variables.get("callerid", "")
    dnis = arguments.pop("dnis", "") or variables.get("extension", "")
    return _Request(
        script=variables.get("network_script", "").partition("?")[0].strip("/"),
        pbx=arguments.pop("pbx", ""),
        music=arguments.pop("ctid_music", ""),
        unique_id=unique_id,
        ani="" if ani.lower() in _WITHHELD else ani[:MAX_VALUE_CHARS],
        dnis=dnis[:MAX_VALUE_CHARS],
        attributes=arguments,
    )


def _beginning(pbx: str, request: _Request) -> Event | None:
    match request.script:
        case "in":
            return CallArrived(
                pbx=pbx,
                unique_id=request.unique_id,
                ani=request.ani,
                dnis=request.dnis,
                attributes=request.attributes,
            )
        case "decide":
            attributes = {name: text for name, text in request.attributes.items() if name != FLOW}
            return DecisionAsked(
                pbx=pbx,
                unique_id=request.unique_id,
                flow=request.attributes.get(FLOW, ""),
                ani=request.ani,
                dnis=request.dnis,
                attributes=attributes,
            )
        case "after":
            return CallerReturned(pbx=pbx, unique_id=request.unique_id)
        case "undelivered":
            cause = _CAUSES.get(request.attributes.get("cause", ""), "failed")
            if request.attributes.get("q850") == _REJECTED:
                cause = "rejected"
            return CallUndelivered(pbx=pbx, unique_id=request.unique_id, cause=cause)
        case "transfer":
            return CallSentOn(pbx=pbx, unique_id=request.unique_id, extension=request.dnis, arrived=True)
        case _:
            return None


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Find out in a minute and a half that the PBX's machine is gone: an idle session sends nothing."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)


def _close(writer: asyncio.StreamWriter) -> None:
    # With something left to write, a graceful close would wait for a peer that may never read.
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    else:
        writer.close()
