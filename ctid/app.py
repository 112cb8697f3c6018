"""The composition root: makes the parts, ties them together, runs them, and takes them down again."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from ctid import __version__
from ctid.acd.strategies import STRATEGIES
from ctid.desktop.app import DesktopServer
from ctid.desktop.ports import Component
from ctid.desktop.stream.frames import posted
from ctid.desktop.stream.hub import Hub
from ctid.errors import ConfigError, StoreError
from ctid.ivr.checks.checks import faulty_flows
from ctid.lookups.lookups import Lookups as FlowLookups
from ctid.model.commands import Publish
from ctid.model.events import ConfigLoaded, DrainStarted, SiteStarted
from ctid.pbx_adapters.agi.server import AgiServer
from ctid.pbx_adapters.ami.supervisor import AmiLink
from ctid.recordings.recorder import Recorder
from ctid.recordings.sealed import Keys
from ctid.recordings.spool import Spool
from ctid.recordings.vault import Vault
from ctid.runtime.clock import SiteClock
from ctid.runtime.dispatch import Dispatcher
from ctid.runtime.fetches import Fetches
from ctid.runtime.garbage import collect, old_objects_left_alone
from ctid.runtime.inbox import Inbox
from ctid.runtime.keeper import Keeper
from ctid.runtime.lookups import Lookups
from ctid.runtime.observer import Observer
from ctid.runtime.record_writer import RecordWriter
from ctid.runtime.runner import Runner
from ctid.runtime.sealed import SealedDigits
from ctid.runtime.site import LiveSite
from ctid.runtime.stream_again import published_again
from ctid.runtime.timers import Timers
from ctid.spec.loader import Config, load_config
from ctid.speech.known import known_texts
from ctid.store.access import AccessStore
from ctid.store.database import Database
from ctid.store.http_directory import open_directory
from ctid.store.outbox import Outbox
from ctid.store.passwords import Passwords
from ctid.store.recordings import RecordingStore
from ctid.store.records import RecordStore
from ctid.telemetry.metrics import Metrics
from ctid.webhooks.webhooks import Webhooks

if TYPE_CHECKING:
    from ctid.speech.speaker import Speaker

STORE_RETRY_SECONDS = 2.0
STORE_PING_SECONDS = 5.0
WEBHOOK_FLUSH_SECONDS = 2.0

_log = structlog.get_logger()


class _Stopped(Exception):
    """The daemon was asked to stop and has drained."""


class Daemon:
    """One process that owns one site.

    Attributes:
        api_port: Where the API listens; of use where the configuration says 0.
        agi_port: Where FastAGI listens, likewise.
        started: Set once everything listens.
    """

    def __init__(self, config_path: Path, config: Config) -> None:
        """Take a configuration that was checked.

        Args:
            config_path: Where it came from, for a reload.
            config: The configuration.
        """
        self.api_port = 0
        self.agi_port = 0
        self.started = asyncio.Event()
        self._config_path = config_path
        self._config = config
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._reload = asyncio.Event()
        self._store_fault = "not opened yet"
        self._server: DesktopServer | None = None
        self._speech: Speaker | None = None
        self._flow_lookups: FlowLookups | None = None
        self._store_opened = asyncio.Event()

    def stop(self) -> None:
        """Drain and stop; asked again, stop at once. Calls go on in the PBX and are taken up at the next start."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def run(self) -> None:
        """Run until stopped.

        Raises:
            CtidError: It cannot start: the journal is another daemon's, an address is taken.
            OSError: An address cannot be had.
        """
        daemon, site = self._config.daemon, self._config.site
        metrics = Metrics(__version__)
        keeper = Keeper.open(daemon.journal, site.site, metrics)
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(keeper.close)
            published: deque[Publish] = deque(maxlen=daemon.api.replay_events)
            engine, last = keeper.recover(
                lambda commands: published.extend(each for each in commands if isinstance(each, Publish))
            )
            epoch = secrets.token_hex(4)
            stream_epoch = engine.state.stream_epoch or epoch
            hub = Hub(site.site, stream_epoch, daemon.api.replay_events, metrics)
            for command in published:
                hub.publish(command)
            clock, inbox, observer = SiteClock(last), Inbox(), Observer(metrics)
            runner = Runner(engine, keeper, clock, inbox, metrics, last)
            timers = Timers(clock, runner.put)
            stack.callback(timers.close)
            database = Database(daemon.store.url.get_secret_value())
            stack.push_async_callback(database.close)
            directory = await stack.enter_async_context(open_directory(daemon.directory, database))
            store = RecordStore(database)
            passwords = Passwords()
            stack.callback(passwords.close)
            records = RecordWriter(store, runner.put)
            webhooks = Webhooks(
                daemon.webhooks,
                Outbox(database, site.site),
                metrics,
                epoch=stream_epoch,
                present=engine.state.stream_seq,
                release=__version__,
                render=partial(posted, site=site.site, epoch=stream_epoch),
                again=partial(published_again, daemon.journal.path),
            )
            recordings = RecordingStore(database, site.site)
            recorder = self._recorder(recordings, runner, metrics)
            if recorder is not None:
                stack.callback(recorder.close)
            speaker = self._speaker(metrics)
            if speaker is not None:
                stack.callback(speaker.close)
            flow_lookups = await stack.enter_async_context(FlowLookups(daemon.lookups, metrics))
            self._flow_lookups = flow_lookups
            sealed = SealedDigits()
            agi = AgiServer(
                daemon.agi.host,
                daemon.agi.port,
                runner.put,
                metrics,
                pbxes=daemon.pbxes,
                max_sessions=daemon.agi.max_sessions,
                recordings={
                    name: pbx.recordings.asterisk for name, pbx in daemon.pbxes.items() if pbx.recordings is not None
                },
                speech=speaker,
                seal=sealed.keep,
            )
            links = {
                name: AmiLink(name, spec.ami, runner.put, metrics, notify=spec.notify, dial_out=spec.dial_out)
                for name, spec in daemon.pbxes.items()
            }

            def readiness() -> list[Component]:
                fault = self._store_fault or records.fault
                draining = self._stop.is_set()
                return [
                    Component(name="journal", ok=not keeper.fault, detail=keeper.fault),
                    Component(name="store", ok=not fault, detail=fault),
                    *(Component(name=f"pbx:{name}", ok=link.ready, detail=link.state) for name, link in links.items()),
                    Component(name="site", ok=not draining, detail="draining" if draining else ""),
                ]

            def exposition() -> bytes:
                observer.gauge(engine.state, engine.site, len(inbox))
                return metrics.exposition()

            try:
                async with asyncio.TaskGroup() as group:
                    dispatcher = Dispatcher(
                        links=links,
                        agi=agi,
                        desktops=hub,
                        webhooks=webhooks,
                        timers=timers,
                        lookups=Lookups(directory, store, runner.put, group),
                        fetches=Fetches(flow_lookups, sealed, runner.put, group),
                        records=records,
                        recorder=recorder,
                        answer=runner.answer,
                        emit=runner.put,
                        group=group,
                        observer=observer,
                        metrics=metrics,
                    )
                    # First of all inputs: what runs from here on finds a site with a configuration.
                    runner.put(SiteStarted(site=site.site, epoch=epoch, release=__version__))
                    runner.put(ConfigLoaded(spec=site.model_dump(mode="json")))
                    await runner.consume(await inbox.take(2), dispatcher)
                    await agi.listen()
                    stack.callback(agi.close)
                    web_phones = {
                        name: spec.web_phones for name, spec in daemon.pbxes.items() if spec.web_phones is not None
                    }
                    server = DesktopServer(
                        LiveSite(runner, clock, store, webhooks, web_phones, readiness, recordings, recorder),
                        hub,
                        daemon.api,
                        AccessStore(database, passwords),
                        metrics,
                        exposition,
                    )
                    await server.start()
                    self._server = server
                    stack.push_async_callback(server.stop)
                    self.api_port, self.agi_port = server.port, agi.port
                    tasks = {
                        "store": self._keep_store(database),
                        "records": records.run(),
                        "webhooks": self._run_webhooks(webhooks),
                        "runner": runner.run(dispatcher),
                        "agi": agi.run(),
                        "configuration": self._keep_configured(runner),
                        "garbage": collect(lambda: runner.last, metrics),
                        **{f"ami-{name}": link.run() for name, link in links.items()},
                    }
                    if recorder is not None:
                        tasks["recordings"] = self._run_recorder(recorder)
                    if speaker is not None:
                        speaker.prepare(known_texts(site))
                        tasks["speech"] = speaker.run()
                    for name, task in tasks.items():
                        group.create_task(task, name=name)
                    with self._signals():
                        _log.info("site.ready", site=site.site, api_port=self.api_port, agi_port=self.agi_port)
                        self.started.set()
                        stack.enter_context(old_objects_left_alone())
                        await self._stop.wait()
                        await self._drain(runner)
                        await webhooks.flush(WEBHOOK_FLUSH_SECONDS)
                    raise _Stopped
            except* _Stopped:
                await keeper.snapshot(engine, clock.now())
        _log.info("site.stopped", site=site.site)

    async def _drain(self, runner: Runner) -> None:
        """Make no new offers, and wait until those that are out are settled."""
        _log.info("site.draining")
        runner.put(DrainStarted())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.daemon.drain_seconds):
                while not runner.settled and not self._hurry.is_set():
                    await runner.stepped()

    def reload(self) -> None:
        """Have the configuration read again; calls, and what is asked meanwhile, do not wait for that."""
        self._reload.set()

    async def _keep_configured(self, runner: Runner) -> None:
        """Read the configuration again whenever that is asked for; one with faults changes nothing.

        On a thread: of a large site it takes a second, in which calls go on. Asked for meanwhile, it is read once more.
        """
        while True:
            await self._reload.wait()
            self._reload.clear()
            try:
                config = await asyncio.to_thread(
                    load_config, self._config_path, {"strategies": STRATEGIES}, faulty_flows
                )
                self._configure(config, runner)
            except ConfigError as error:
                _log.error("config.refused", faults=error.faults)
            except Exception:
                # A fault of ours in reading must not end calls: the daemon has a configuration that works.
                _log.exception("config.unreadable")

    def _configure(self, config: Config, runner: Runner) -> None:
        """Go on with this configuration, but for what takes a restart."""
        if config.site.site != self._config.site.site:
            _log.error("config.refused", faults=["the name of the site can't be changed while it runs"])
            return
        if self._flow_lookups is not None:
            try:
                self._flow_lookups.reload(config.daemon.lookups)
            except StoreError as error:
                _log.error("config.refused", faults=[f"lookups: {error.detail}"])
                return
        if config.daemon.model_copy(update={"lookups": self._config.daemon.lookups}) != self._config.daemon:
            _log.warning("config.restart_needed", detail="addresses, secrets and stores change at a restart only")
        if self._server is not None:
            try:
                self._server.reload()
            except OSError as error:
                _log.error("certificate.refused", detail=str(error))
        runner.put(ConfigLoaded(spec=config.site.model_dump(mode="json")))
        if self._speech is not None:
            self._speech.prepare(known_texts(config.site))
        _log.info("config.reloaded")

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        actions = {signal.SIGTERM: self.stop, signal.SIGINT: self.stop, signal.SIGHUP: self.reload}
        for number, action in actions.items():
            loop.add_signal_handler(number, action)
        try:
            yield
        finally:
            for number in actions:
                loop.remove_signal_handler(number)

    def _recorder(self, index: RecordingStore, runner: Runner, metrics: Metrics) -> Recorder | None:
        daemon = self._config.daemon
        spec = daemon.recordings
        if spec is None:
            return None
        keys = Keys(
            None if spec.key is None else spec.key.get_secret_value(),
            [key.get_secret_value() for key in spec.former_keys],
        )
        spools = {name: Spool(pbx.recordings.ctid) for name, pbx in daemon.pbxes.items() if pbx.recordings is not None}
        return Recorder(
            Vault(spec.folder, keys, spec.min_free_mb * 1_000_000),
            spools,
            index,
            runner.put,
            lambda: runner.engine.state.recordings,
            metrics,
            site=self._config.site.site,
            retention_days=spec.retention_days,
        )

    def _speaker(self, metrics: Metrics) -> Speaker | None:
        daemon = self._config.daemon
        if daemon.speech is not None:
            # Imported here, as the libraries that convert sound are large, and of no use to a site without.
            from ctid.speech.speaker import Speaker

            folders = {name: pbx.speech for name, pbx in daemon.pbxes.items() if pbx.speech is not None}
            self._speech = Speaker(daemon.speech, folders, metrics)
        return self._speech

    async def _run_recorder(self, recorder: Recorder) -> None:
        """Begin once the database has the table of recordings."""
        await self._store_opened.wait()
        await recorder.run()

    async def _run_webhooks(self, webhooks: Webhooks) -> None:
        """Begin once the database has the tables they are kept in."""
        await self._store_opened.wait()
        await webhooks.run()

    async def _keep_store(self, database: Database) -> None:
        """Open the database, however long it is away, and ask it now and then whether it is still there."""
        while True:
            try:
                if self._store_opened.is_set():
                    await database.ping()
                else:
                    await database.upgrade()
                    self._store_opened.set()
                if self._store_fault:
                    _log.info("store.ready", database=database.name)
                self._store_fault = ""
            except StoreError as error:
                if self._store_fault != error.detail:
                    _log.error("store.lost", detail=error.detail)
                self._store_fault = error.detail
            await asyncio.sleep(STORE_PING_SECONDS if not self._store_fault else STORE_RETRY_SECONDS)
