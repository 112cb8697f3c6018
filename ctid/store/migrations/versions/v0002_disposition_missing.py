"""Records tell when a disposition that the queue asks for was never given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("records", sa.Column("disposition_missing", sa.Boolean, nullable=False, server_default=sa.false()))
