"""Logs: structlog, one line per event, and nothing of a caller in it.

Event names are static (``contact.queued``); what varies is a key. Caller data goes under ``pii_*`` keys,
which are masked here; numbers that got into other values all the same are masked by their look.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO

import orjson
import structlog

KNOWN_IDS: Final = frozenset(
    {
        "bridge_id", "command_id", "contact_id", "device", "epoch", "leg_id", "offer_id", "peer_unique_id",
        "port", "record_id", "release", "seq", "session_id", "timer_id", "timestamp", "token", "unique_id",
    }
)  # fmt: skip
"""Keys whose values are ours or the PBX's, and may look like a number that somebody can be called at."""

_PII: Final = "pii_"
_NUMBER: Final = re.compile(r"(?<![\w.])\+?\d{7,}(?!\w)")
_MASK: Final = "[number]"
_MAX_DEPTH: Final = 6


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask caller data: a structlog processor."""
    for key, value in event.items():
        event[key] = _redacted(key, value, 0)
    return event


def configure(*, console: bool = False, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging, which the libraries use, to write the same lines.

    Args:
        console: Readable, coloured lines instead of JSON.
        level: Least level that is written.
        stream: Where to; standard error if left out.
    """
    target = stream or sys.stderr
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
        # After the redactor, which would take the fraction of a second for a telephone number.
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=target.isatty()) if console else structlog.processors.JSONRenderer(_json)
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Our own lines don't go through the standard library: it would take them four times as long, on every call's way.
    structlog.configure(
        processors=[structlog.processors.add_log_level, *shared, renderer],
        logger_factory=structlog.WriteLoggerFactory(target),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=False,
    )


def _json(event: Any, default: Any = None, **_: object) -> str:
    return orjson.dumps(event, default=default, option=orjson.OPT_NON_STR_KEYS).decode()


def _redacted(key: str, value: Any, depth: int) -> Any:
    if key.startswith(_PII):
        return f"[{len(value) if isinstance(value, (str, bytes)) else 1} masked]"
    if key in KNOWN_IDS or key.startswith("_"):
        return value
    match value:
        case str():
            return _NUMBER.sub(_MASK, value)
        case _ if depth >= _MAX_DEPTH:
            return "[too deep]"
        case Mapping():
            return {str(k): _redacted(str(k), v, depth + 1) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redacted(key, item, depth + 1) for item in value]
        case BaseException():
            return _NUMBER.sub(_MASK, f"{type(value).__name__}: {value}")
        case _:
            return value
