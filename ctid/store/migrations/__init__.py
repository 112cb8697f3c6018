"""The database's schema, version by version; ``ctid.store.database`` runs what is missing at the start.

A version repeats in full what ``ctid.store.schema`` says, on purpose, and takes nothing from it: it makes what the
schema was at its time, and is never changed after its release. That all of them come to the present schema is tested.
"""

from __future__ import annotations
