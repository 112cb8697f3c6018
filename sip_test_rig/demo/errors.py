"""What the demo itself may fail of."""

from __future__ import annotations


class DemoError(Exception):
    """The demo cannot go on, or something did not happen as it must; the message is for people."""
