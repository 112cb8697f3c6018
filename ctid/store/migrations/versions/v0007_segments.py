"""Records tell each agent's part: talk, wrap-up, disposition and notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("records", sa.Column("segments", _json, nullable=False, server_default=sa.text("'[]'")))
