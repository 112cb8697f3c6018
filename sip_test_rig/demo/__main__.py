"""``python -m sip_test_rig.demo [--once]``."""

from __future__ import annotations

import signal

import typer


def start() -> None:
    """Import what the demo needs, and run it."""
    # Nothing stands yet while the imports take their seconds: Ctrl-C may simply end us, without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from sip_test_rig.demo.command import main

    typer.run(main)


if __name__ == "__main__":
    start()
