"""Call-tracking records and the embedded customer directory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_FILTERED = ("queue", "agent_id", "outcome", "disposition", "ani", "dnis", "customer_id")


def upgrade() -> None:
    op.create_table(
        "records",
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("ani", sa.Text, nullable=False),
        sa.Column("dnis", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text),
        sa.Column("customer", _json),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("disposition", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("attributes", _json, nullable=False),
        sa.Column("path", _json, nullable=False),
        sa.Column("spans", _json, nullable=False),
        sa.Column("offers", _json, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("queued_at", sa.BigInteger),
        sa.Column("connected_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger, nullable=False),
        sa.Column("mono_ms", _json, nullable=False),
        sa.Column("wait_ms", sa.BigInteger, nullable=False),
        sa.Column("talk_ms", sa.BigInteger, nullable=False),
        sa.Column("wrap_up_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_records"),
    )
    op.create_index("ix_records_created_at", "records", ["created_at", "contact_id"])
    for column in _FILTERED:
        op.create_index(f"ix_records_{column}", "records", [column, "created_at", "contact_id"])
    op.create_table(
        "customers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("attributes", _json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
    )
    op.create_table(
        "customer_numbers",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_customer_numbers"),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name="fk_customer_numbers_customer_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_customer_numbers_customer_id", "customer_numbers", ["customer_id"])
