"""What the daemon around the engine needs to know: PBX logins, addresses, secrets, stores. Read once at the start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, IPvAnyNetwork, SecretStr, StringConstraints, model_validator

from ctid.spec.base import Name, Seconds, Spec
from ctid.spec.lookup import LookupSpec
from ctid.spec.oidc import OidcSpec
from ctid.spec.recording import AbsoluteFolder, RecordingsSpec, SpoolSpec
from ctid.spec.secret import Secret
from ctid.spec.speech import SpeechSpec
from ctid.spec.web_phone import WebPhonesSpec
from ctid.spec.webhook import WebhookSpec

Port = Annotated[int, Field(ge=0, le=65_535)]


class AmiSpec(Spec):
    """How to log in at a PBX's manager interface.

    Attributes:
        ping_seconds: A PBX that says nothing for so long is asked; no answer in the same time again is a loss.
        backoff_max_seconds: Upper bound of the wait between two attempts.
    """

    host: str
    port: Port = 5038
    username: str
    secret: Secret
    connect_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    action_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    ping_seconds: Annotated[float, Field(gt=0, le=300)] = 5
    backoff_max_seconds: Annotated[float, Field(gt=0, le=600)] = 30


class NotifySpec(Spec):
    """A second manager user, with which phones are told to answer; that needs rights that the first has not."""

    username: str
    secret: Secret


class PbxSpec(Spec):
    """One Asterisk.

    Attributes:
        ami: How we log in there.
        notify: How we log in to send phones ``NOTIFY``; without it no agent of this PBX can have ``notify_talk``.
        dial_out: How the PBX dials a number outside, for agents and for contacts that leave for one:
            ``PJSIP/{number}@carrier``. It is part of the dialplan that ``ctid asterisk-config`` prints.
        web_phones: How browsers register there; without it no agent of this PBX can have a ``web_phone``.
        recordings: The folder it writes recordings to; without it none of its calls is recorded.
        speech: The folder ``speech.folder`` as this PBX sees it.
    """

    ami: AmiSpec
    notify: NotifySpec | None = None
    web_phones: WebPhonesSpec | None = None
    recordings: SpoolSpec | None = None
    speech: AbsoluteFolder | None = None
    dial_out: Annotated[str, StringConstraints(pattern=r"^([A-Za-z]+/\S*\{number\}\S*)?$")] = ""

    @model_validator(mode="after")
    def _user_of_its_own(self) -> Self:
        if self.notify is not None and self.notify.username == self.ami.username:
            raise ValueError("notify: give a manager user of its own, so that the one of ami keeps its few rights")
        return self


class AgiSpec(Spec):
    """Where our FastAGI server listens.

    Attributes:
        advertise: ``host:port`` that the dialplan uses, if it differs from where we listen.
    """

    host: str = "127.0.0.1"
    port: Port = 4573
    advertise: str = ""
    max_sessions: Annotated[int, Field(ge=1)] = 5_000


class TlsSpec(Spec):
    """TLS of the API; without, a proxy in front has to see to it.

    Attributes:
        certificate: PEM file, with the chain up to the root's.
        key: PEM file, not encrypted. Both are read again at SIGHUP.
    """

    certificate: Path
    key: Path


class ApiSpec(Spec):
    """Where the desktop API listens, and whose tokens it takes.

    Attributes:
        token_secret: HMAC key of the bearer tokens, 32 characters at least.
        heartbeat_seconds: Interval of the socket's heartbeat; a desktop silent for twice as long is lost.
        replay_events: How many events are kept for desktops that come back.
        client_buffer: Events waiting for one desktop before it is cut off.
        access_minutes: How long an access token holds; desktops get the next one by themselves.
        refresh_hours: How long a session lasts from sign-in on, then people sign in again.
        cors_origins: Other sites whose pages may call the API: ``https://crm.example.org``, exactly.
        tls: Certificate and key, to be reached by https.
        oidc: An identity provider where people sign in too.
        trusted_proxies: Addresses or networks of proxies that tell where a request comes from (``X-Forwarded-For``).
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    token_secret: Annotated[Secret, Field(min_length=32)]
    heartbeat_seconds: Annotated[float, Field(gt=0, le=300)] = 15
    replay_events: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    client_buffer: Annotated[int, Field(ge=10, le=100_000)] = 1_000
    access_minutes: Annotated[int, Field(ge=1, le=1_440)] = 15
    refresh_hours: Annotated[int, Field(ge=1, le=168)] = 12
    cors_origins: list[Annotated[str, StringConstraints(pattern=r"^https?://[^/*\s]+$")]] = []
    trusted_proxies: list[IPvAnyNetwork] = []
    tls: TlsSpec | None = None
    oidc: OidcSpec | None = None


class StoreSpec(Spec):
    """Where call-tracking records and the customer table are kept.

    Attributes:
        url: SQLAlchemy URL: ``sqlite:////var/lib/ctid/ctid.db`` or ``postgresql://user:password@host/ctid``.
    """

    url: Secret = Field(default=SecretStr("sqlite:///ctid.db"), validate_default=True)


class JournalSpec(Spec):
    """The embedded journal.

    Attributes:
        path: SQLite file, on a local disk.
        snapshot_events: A snapshot of the state is taken after so many inputs.
        keep_events: Inputs kept for replay before the newest snapshot.
        full_sync: Wait for the disk with every batch, so that it survives a power cut too; a kill it survives anyway.
    """

    path: Path = Path("journal.db")
    snapshot_events: Annotated[int, Field(ge=100)] = 20_000
    keep_events: Annotated[int, Field(ge=0)] = 1_000_000
    full_sync: bool = False


class HttpDirectorySpec(Spec):
    """A customer lookup by HTTP.

    Attributes:
        url: With ``{ani}`` where the number (E.164, percent-encoded) goes. Answers 200 with JSON
            ``{id, name, tier?, language?, attributes?, cases?: [{id, title, state?, url?}]}`` or 404.
    """

    url: Annotated[str, StringConstraints(pattern=r"^https?://.*\{ani\}.*$")]
    headers: dict[str, Secret] = {}
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 1
    cache_seconds: Seconds = 300
    max_parallel: Annotated[int, Field(ge=1, le=1_000)] = 50


class DirectorySpec(Spec):
    """The customer directory: the embedded table, or HTTP where it is given."""

    http: HttpDirectorySpec | None = None


class LogSpec(Spec):
    """How to log."""

    format: Literal["json", "console"] = "json"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class DaemonSpec(Spec):
    """Everything around the engine.

    Attributes:
        sounds: Folders of sounds, as the PBXes have them in theirs. With some, every prompt must be in one.
        lookups: How flows ask other systems.
        drain_seconds: How long SIGTERM waits for calls to end before the daemon goes all the same; talk goes on in
            the PBX and is taken up again at the next start.
    """

    pbxes: dict[Name, PbxSpec] = Field(min_length=1)
    agi: AgiSpec = AgiSpec()
    api: ApiSpec
    store: StoreSpec = StoreSpec()
    journal: JournalSpec = JournalSpec()
    directory: DirectorySpec = DirectorySpec()
    lookups: dict[Name, LookupSpec] = {}
    webhooks: dict[Name, WebhookSpec] = {}
    recordings: RecordingsSpec | None = None
    speech: SpeechSpec | None = None
    sounds: list[Path] = []
    log: LogSpec = LogSpec()
    drain_seconds: Seconds = 600

    @model_validator(mode="after")
    def _one_pbx_per_name(self) -> Self:
        logins = [(pbx.ami.host, pbx.ami.port) for pbx in self.pbxes.values()]
        if len(set(logins)) != len(logins):
            raise ValueError("two pbxes name the same AMI host and port")
        return self
