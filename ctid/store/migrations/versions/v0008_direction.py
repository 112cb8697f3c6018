"""Records tell who called whom, and why nobody was reached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("records", sa.Column("direction", sa.Text(), nullable=False, server_default=sa.text("'inbound'")))
    op.add_column("records", sa.Column("cause", sa.Text(), nullable=False, server_default=sa.text("''")))
