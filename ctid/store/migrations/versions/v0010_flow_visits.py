"""Ways through flows, laid out for reports. Earlier records went through none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flow_visits",
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("to_kind", sa.Text, nullable=False),
        sa.Column("contained", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "position", name="pk_flow_visits"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["records.contact_id"], name="fk_flow_visits_contact_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_flow_visits_flow", "flow_visits", ["flow", "at"])
    op.create_table(
        "node_visits",
        sa.Column("contact_id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("left_by", sa.Text, nullable=False),
        sa.Column("timeouts", sa.Integer, nullable=False),
        sa.Column("invalid", sa.Integer, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "position", name="pk_node_visits"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["records.contact_id"], name="fk_node_visits_contact_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_node_visits_flow", "node_visits", ["flow", "at"])
