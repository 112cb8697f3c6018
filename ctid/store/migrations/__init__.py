"""The database's schema, version by version; ``ctid.store.database`` runs what is missing at the start."""

from __future__ import annotations
