"""The loop in which a caller's channel asks ctid what to do, whether a daemon is there or not.

It is crash-safe: it goes on only when ctid has set ``CTID_NEXT``, and otherwise plays music and asks again. Asterisk's
own ``AGISTATUS`` says ``SUCCESS`` even when the AGI server has died.
"""

from __future__ import annotations

from typing import Final

from ctid.pbx_adapters.asterisk_config.dialplan import Dialplan

TRIES_BEFORE_FALLBACK: Final = 60
"""A try without a daemon takes about a second: an update or a restart at another machine has a minute."""

SERVED_SECONDS: Final = 5
"""A session that lasted as long was served: the tries begin anew."""


def ask(script: str, dialplan: Dialplan, tries: int, otherwise: str, more: str = "") -> str:
    """Write the extension of a script that ctid is asked for.

    Args:
        script: Its name.
        dialplan: The PBX's own.
        tries: How often ctid is asked in vain.
        otherwise: Where the channel goes then.
        more: What ctid is told besides.
    """
    return _ASK.format(
        more=more,
        script=script,
        agi=dialplan.agi,
        pbx=dialplan.pbx,
        tries=tries,
        otherwise=otherwise,
        served=SERVED_SECONDS,
        music=dialplan.music_class,
    )


_ASK: Final = """\
exten => {script},1,Set(CTID_MUSIC=)
 same => n(begin),Set(CTID_NEXT=)
 same => n,Set(CTID_TRIES=0)
 same => n(ask),Set(CTID_ASKED=${{EPOCH}})
 same => n,AGI(agi://{agi}/{script},pbx={pbx},dnis=${{CTID_DNIS}},ctid_music=${{CTID_MUSIC}}{more})
 same => n,Set(CTID_MUSIC=)
 same => n,GotoIf($["${{CTID_NEXT}}" = "hangup"]?bye)
 same => n,GotoIf($["${{CTID_NEXT}}" = "fallback"]?ctid-fallback,s,1)
 same => n,GotoIf($["${{CTID_NEXT}}" = "number"]?ctid-number,s,1)
 same => n,GotoIf($["${{CTID_NEXT}}" = "given"]?ctid-given,s,1)
 same => n,GotoIf($["${{CTID_NEXT}}" = "voicemail"]?ctid-voicemail,s,1)
 same => n,GotoIf($["${{CTID_NEXT}}" = "phone"]?ctid-phones,${{CTID_TARGET}},1)
 same => n,GotoIf($["${{CTID_NEXT}}" = "phones"]?ctid-phones,${{CTID_DNIS}},1)
 same => n,Set(CTID_TRIES=${{IF($[${{EPOCH}} - ${{CTID_ASKED}} > {served}]?0:$[${{CTID_TRIES}} + 1])}})
 same => n,GotoIf($[${{CTID_TRIES}} >= {tries}]?{otherwise})
 same => n,Answer()
 same => n,MusicOnHold({music},1)
 same => n,Goto(ask)
 same => n(bye),Hangup()
"""
