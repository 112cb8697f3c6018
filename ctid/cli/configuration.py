"""``ctid check-config`` and ``ctid asterisk-config``."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import SecretStr

from ctid.acd.strategies import STRATEGIES
from ctid.cli.options import ConfigOption
from ctid.errors import ConfigError, NotFoundError
from ctid.ivr.checks.checks import faulty_flows
from ctid.pbx_adapters.asterisk_config import Dialplan, ManagerUser, Phone, fragments, notify_user_conf
from ctid.pbx_adapters.web_phone_config import web_phone_fragments
from ctid.routing import emergency
from ctid.spec.loader import Config, load_config, placed
from ctid.speech.machine import lacks


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("check-config")(check)
    app.command("asterisk-config")(asterisk)


def check(path: Annotated[Path, typer.Argument(help="Configuration file, or directory of *.yaml files.")]) -> None:
    """Check a configuration and report every fault with file, line and key; exit code 1 if there is any.

    What this machine lacks for it is told as well, but is no fault: it may be checked elsewhere than it is used.
    """
    try:
        config = load_config(path, {"strategies": STRATEGIES}, faulty_flows)
    except ConfigError as error:
        for fault in error.faults:
            typer.echo(fault)
        typer.echo(f"{len(error.faults)} fault{'s' if len(error.faults) > 1 else ''}", err=True)
        raise typer.Exit(1) from None
    site, speech = config.site, config.daemon.speech
    for lack in placed(path, lacks(speech)) if speech is not None else ():
        typer.echo(f"{lack} (calls go on without)", err=True)
    typer.echo(
        f"{path}: site {site.site}: {len(site.entries)} entries, {len(site.flows)} flows, {len(site.queues)} queues, "
        f"{len(site.agents)} agents; no fault"
    )


def asterisk(
    config: ConfigOption,
    pbx: Annotated[str, typer.Option(help="Which PBX of the configuration; needed if there are several.")] = "",
    release: Annotated[Literal["16", "22"], typer.Option(help="Asterisk's major release.")] = "22",
    output: Annotated[
        Path | None, typer.Option(help="Write the files there: manager.conf, extensions.conf, pjsip.conf …")
    ] = None,
    permit: Annotated[str, typer.Option(help="Network that may log in at the manager interface.")] = "127.0.0.1/32",
    phone_password: Annotated[
        str, typer.Option(help="Password of all phones, for a test; else each has its own, derived from our secret.")
    ] = "",
    fallback_dial: Annotated[str, typer.Option(help="Whom the dialplan rings when no daemon answers.")] = "",
    notify: Annotated[
        bool, typer.Option("--notify", help="With the manager user of pbxes.*.notify, who has many rights.")
    ] = False,
    number_dial: Annotated[
        str, typer.Option(help="How numbers outside are dialled, if not as dial_out says: PJSIP/{number}@trunk.")
    ] = "",
) -> None:
    """Print what a stock Asterisk needs in its own files to work with this configuration."""
    loaded = load_config(config)
    name = _pbx(loaded, pbx)
    spec = loaded.daemon.pbxes[name]
    ami, agi = spec.ami, loaded.daemon.agi
    agents = [agent for agent in loaded.site.agents.values() if agent.pbx == name and agent.device.startswith("PJSIP/")]
    phones = [
        Phone(
            name=agent.device.removeprefix("PJSIP/"),
            password=phone_password or _derived(loaded.daemon.api.token_secret, agent.device),
        )
        for agent in agents
        if not agent.web_phone
    ]
    texts = fragments(
        ManagerUser(name=ami.username, secret=ami.secret.get_secret_value(), permit=(permit,)),
        Dialplan(
            pbx=name,
            agi=agi.advertise or f"{agi.host}:{agi.port}",
            fallback_dial=fallback_dial,
            number_dial=number_dial or spec.dial_out,
            phones=[agent.device.removeprefix("PJSIP/") for agent in agents],
            recordings=spec.recordings.asterisk if spec.recordings is not None else "",
            emergency_numbers=[*emergency.of_country(loaded.site.country), *loaded.site.own_calls.emergency_numbers],
            places={
                agent.device.removeprefix("PJSIP/"): agent.emergency_caller_id
                for agent in agents
                if agent.emergency_caller_id
            },
        ),
        phones,
        release,
    )
    if notify:
        if spec.notify is None:
            raise NotFoundError(f"pbxes.{name} has no notify: give username and secret there")
        user = ManagerUser(name=spec.notify.username, secret=spec.notify.secret.get_secret_value(), permit=(permit,))
        texts["manager.conf"] += "\n" + notify_user_conf(user)
    if spec.web_phones is not None:
        names = [agent.device.removeprefix("PJSIP/") for agent in agents if agent.web_phone]
        for file, text in web_phone_fragments(spec.web_phones, names).items():
            texts[file] = f"{texts[file]}\n{text}" if texts.get(file) else text
    for file, text in texts.items():
        if output is None:
            typer.echo(f"; ---- {file} ----\n{text}")
        else:
            output.mkdir(parents=True, exist_ok=True)
            (output / file).write_text(text, encoding="utf-8")


def _derived(secret: SecretStr, device: str) -> str:
    """A password that is the same at every call, and nobody's guess without our secret."""
    mac = hmac.new(secret.get_secret_value().encode(), f"phone:{device}".encode(), "sha256")
    return mac.hexdigest()[:24]


def _pbx(config: Config, name: str) -> str:
    names = list(config.daemon.pbxes)
    if name in names:
        return name
    if not name and len(names) == 1:
        return names[0]
    raise NotFoundError(f"say which PBX with --pbx; there is: {', '.join(names)}")
