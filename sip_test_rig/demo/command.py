"""The demo's command line: sets it going, ends it orderly on a signal, and tells why it failed if it did."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine, Iterator
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from ctid.client import ClientError
from sip_test_rig.asterisk import AsteriskError
from sip_test_rig.demo.errors import DemoError
from sip_test_rig.demo.live import live
from sip_test_rig.demo.once import once
from sip_test_rig.demo.steps import Steps
from sip_test_rig.phone import PhoneError
from sip_test_rig.ports import NoFreePortError
from sip_test_rig.provision import ProvisionError, provision
from sip_test_rig.site import CtidError

Result = TypeVar("Result")

INTERRUPTED: Final = 130
_FAILURES: Final = (
    AsteriskError, ClientError, ConnectionError, CtidError, DemoError, NoFreePortError, PhoneError, ProvisionError,
    TimeoutError,
)  # fmt: skip


def main(
    once_only: Annotated[bool, typer.Option("--once", help="One call to its wrap-up, told as JSON.")] = False,
) -> None:
    """A real Asterisk, ctid, two agents and their callers; Ctrl-C ends it and leaves nothing running."""
    # What is told on the way does not belong into what a program reads.
    console = Console(stderr=once_only, highlight=False)
    steps = Steps(console)
    # While there is no event loop yet, both signals raise KeyboardInterrupt.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with steps.step("asterisk_provisioned", "Asterisk 22 is there"):
            provision("22", progress=lambda line: console.print(f"    {escape(line)}"))
        if once_only:
            print(json.dumps(asyncio.run(_until_signal(once(steps)))), flush=True)
        else:
            asyncio.run(_until_signal(live(console, steps)))
    except (asyncio.CancelledError, KeyboardInterrupt):
        console.print("  Stopped; nothing is left running.")
        # To be stopped is how the demo is meant to end; a single call that was cut off is no success.
        sys.exit(INTERRUPTED if once_only else 0)
    except Exception as error:
        failures = list(_leaves(error))
        if not all(isinstance(failure, _FAILURES) for failure in failures):
            raise
        reason = "\n".join(str(failure) or type(failure).__name__ for failure in failures)
        console.print(f"[red]The demo failed:[/] {escape(reason)}", soft_wrap=True)
        if once_only:
            print(json.dumps({"error": reason, "steps": steps.as_json()}), flush=True)
        sys.exit(1)


async def _until_signal(work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work; the first SIGINT or SIGTERM cancels it, and no further one disturbs it while it cleans up."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

    def stop() -> None:
        if not task.cancelling():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return await task


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error
