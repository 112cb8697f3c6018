"""The rig from the command line: `python -m sip_test_rig provision` and `python -m sip_test_rig run`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from sip_test_rig.ami_recorder import AmiRecorder
from sip_test_rig.asterisk import Asterisk, AsteriskError
from sip_test_rig.asterisk_config import CARRIER_ADDRESS, DEMO_PHONE_PASSWORD, Endpoint
from sip_test_rig.ports import NoFreePortError
from sip_test_rig.provision import SUITES, ProvisionError
from sip_test_rig.provision import provision as provision_folder

app = typer.Typer(help="A real Asterisk on this machine's loopback addresses.", no_args_is_help=True)

Release = Annotated[str, typer.Option(help=f"Which Asterisk: {' or '.join(SUITES)}.")]


@app.command()
def provision(release: Release = "22") -> None:
    """Make the folder with Asterisk in it, unless it is there; prints its path."""
    with _told():
        typer.echo(provision_folder(release))


@app.command()
def run(
    release: Release = "22",
    phones: Annotated[int, typer.Option(min=0, max=200, help="Endpoints 1001, 1002, ... to register as.")] = 4,
    record: Annotated[Path | None, typer.Option(help="Write the raw AMI stream to this file.")] = None,
) -> None:
    """Run one Asterisk until Ctrl-C, with the starter dialplan."""
    with _told():
        asyncio.run(_run(release, phones, record))


async def _run(release: str, phones: int, record: Path | None) -> None:
    names = [str(1001 + number) for number in range(phones)]
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(Asterisk(release, endpoints=[Endpoint(name=name) for name in names]))
        if record is not None:
            await stack.enter_async_context(AmiRecorder(pbx, record))
        typer.echo(
            f"SIP    udp {pbx.host}:{pbx.sip_port}\n"
            f"phones {' '.join(names) or 'none'}; password {DEMO_PHONE_PASSWORD}\n"
            f"AMI    tcp {pbx.host}:{pbx.ami_port}; user {pbx.ami_user}, secret {pbx.ami_secret}\n"
            f"RTP    udp {pbx.rtp_range[0]} to {pbx.rtp_range[1]}\n"
            f"files  {pbx.folder} (log: {pbx.log})\n"
            f"calls from {CARRIER_ADDRESS} come from outside, for example:\n"
            f"  sipp -sn uac {pbx.host}:{pbx.sip_port} -s 600 -i {CARRIER_ADDRESS} -bind_local -m 1\n"
            "dial   600 echo, 700 music, 800 takes a digit, 1xxx a phone, 2xxx Asterisk's own queue\n"
            "Ctrl-C ends it and leaves nothing behind"
        )
        await stop.wait()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (ProvisionError, AsteriskError, NoFreePortError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
