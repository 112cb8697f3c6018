"""``/v1/site`` and the code lists of the site."""

from __future__ import annotations

from ctid import __version__
from ctid.desktop.endpoint.answer import Answer
from ctid.desktop.endpoint.operation import Call
from ctid.model.states import SystemReason


async def get_site(call: Call) -> Answer:
    """The site, and the process that owns it now."""
    spec = call.site.spec
    return Answer(
        {
            "site": spec.site,
            "release": __version__,
            "epoch": call.site.epoch,
            "seq": call.site.state.stream_seq,
            "timezone": spec.timezone,
            "country": spec.country,
        }
    )


async def list_reason_codes(call: Call) -> Answer:
    """Reasons for NOT_READY: the site's own, and those the system gives."""
    own = [_code(code, label) for code, label in call.site.spec.reasons.items()]
    return Answer({"items": own + [_code(reason, "", system=True) for reason in SystemReason]})


async def list_wrap_up_codes(call: Call) -> Answer:
    """Dispositions that a wrap-up may be given."""
    return Answer({"items": [_code(code, label) for code, label in call.site.spec.dispositions.items()]})


def _code(code: str, label: str, *, system: bool = False) -> dict[str, str | bool]:
    return {"code": code, "label": label or code.replace("-", " ").capitalize(), "system": system}
