"""Views of queues, made once for all desktops that are to be shown them within a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ctid.desktop.ports import Site
from ctid.engine.shown.views import queue_view
from ctid.model.contact import Contact

_KEPT_MS: Final = 1_000


class QueueNumbers:
    """The present numbers of queues, a second old at most."""

    def __init__(self, site: Site) -> None:
        """Take the site, which has the queues."""
        self._site = site
        self._views: dict[str, tuple[int, dict[str, Any]]] = {}

    def view(self, name: str) -> dict[str, Any]:
        """A queue's numbers: for snapshots, which the stats of the next second correct."""
        kept = self._views.get(name)
        if kept is not None and self._site.now().mono_ms - kept[0] < _KEPT_MS:
            return kept[1]
        return self.fresh(name)

    def fresh(self, name: str, inside: Sequence[Contact] | None = None) -> dict[str, Any]:
        """A queue's numbers as they are now.

        Args:
            name: The queue.
            inside: Its contacts, if they are known already.
        """
        now = self._site.now()
        view = queue_view(self._site.state, self._site.spec, name, now, self._site.floor, inside)
        self._views[name] = (now.mono_ms, view)
        return view
