"""Stays in queues and who served a contact, laid out for statistics and history; customers have cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("records", sa.Column("visits", _json, nullable=False, server_default=sa.text("'[]'")))
    op.add_column("customers", sa.Column("cases", _json, nullable=False, server_default=sa.text("'[]'")))
    op.create_table(
        "queue_visits",
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("callback", sa.Boolean, nullable=False),
        sa.Column("wait_ms", sa.BigInteger, nullable=False),
        sa.Column("within", sa.Boolean, nullable=False),
        sa.Column("handling_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "position", name="pk_queue_visits"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["records.contact_id"], name="fk_queue_visits_contact_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_queue_visits_at", "queue_visits", ["at"])
    op.create_index("ix_queue_visits_queue", "queue_visits", ["queue", "at"])
    op.create_table(
        "record_agents",
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "agent_id", name="pk_record_agents"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["records.contact_id"], name="fk_record_agents_contact_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_record_agents_agent_id", "record_agents", ["agent_id", "created_at", "contact_id"])
    # Of earlier records the last agent is known in a column; stays in queues can't be told from them.
    op.execute(
        "INSERT INTO record_agents (contact_id, agent_id, created_at) "
        "SELECT contact_id, agent_id, created_at FROM records WHERE agent_id <> ''"
    )
