"""Sums of ways through flows, which reports are read from, made of the ways that are laid out already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flow_sums",
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("starts_at", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("to_kind", sa.Text, nullable=False),
        sa.Column("entered", sa.BigInteger, nullable=False),
        sa.Column("contained", sa.BigInteger, nullable=False),
        sa.Column("total_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("flow", "starts_at", "version", "result", "to_kind", name="pk_flow_sums"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "node_sums",
        sa.Column("flow", sa.Text, nullable=False),
        sa.Column("starts_at", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("left_by", sa.Text, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("grain", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("entered", sa.BigInteger, nullable=False),
        sa.Column("total_ms", sa.BigInteger, nullable=False),
        sa.Column("timeouts", sa.BigInteger, nullable=False),
        sa.Column("invalid", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("flow", "starts_at", "node", "left_by", "failure", "grain", name="pk_node_sums"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO flow_sums (flow, starts_at, version, result, to_kind, entered, contained, total_ms) "
        "SELECT flow, at - at % 900000, version, result, to_kind, "
        "count(*), sum(CASE WHEN contained THEN 1 ELSE 0 END), sum(duration_ms) "
        "FROM flow_visits GROUP BY 1, 2, 3, 4, 5"
    )
    op.execute(
        "INSERT INTO node_sums (flow, starts_at, node, left_by, failure, grain, entered, total_ms, timeouts, invalid) "
        "SELECT flow, at - at % 3600000, node, left_by, failure, duration_ms / 500, "
        "count(*), sum(duration_ms), sum(timeouts), sum(invalid) "
        "FROM node_visits GROUP BY 1, 2, 3, 4, 5, 6"
    )
