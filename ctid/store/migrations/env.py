"""Run by Alembic: applies the versions over the connection that ``ctid.store.database`` hands over."""

from __future__ import annotations

from alembic import context

from ctid.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can do it too, once the transaction was begun by hand; a version is applied as a whole or not at all.
    transactional_ddl=True,
)
context.run_migrations()
