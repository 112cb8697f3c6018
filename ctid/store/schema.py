"""The tables of the database: call-tracking records, the embedded customer directory, the outbox of webhooks.

What is filtered or reported is a column; the rest of a record is JSON. Moments are milliseconds since 1970 UTC, as
``Instant.utc_ms`` has them, so that no time zone of a client or server can get at them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

json_type: Final = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

records: Final = Table(
    "records",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("ani", Text, nullable=False),
    Column("dnis", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("customer_id", Text),
    Column("customer", json_type),
    Column("queue", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("attributes", json_type, nullable=False),
    Column("path", json_type, nullable=False),
    Column("spans", json_type, nullable=False),
    Column("offers", json_type, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("queued_at", BigInteger),
    Column("connected_at", BigInteger),
    Column("ended_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=False),
    # The same moments on the site's monotonic clock, by column; they mean something beside the spans' only.
    Column("mono_ms", json_type, nullable=False),
    Column("wait_ms", BigInteger, nullable=False),
    Column("talk_ms", BigInteger, nullable=False),
    Column("wrap_up_ms", BigInteger, nullable=False),
    Column("disposition_missing", Boolean, nullable=False, server_default=false()),
    Column("decisions", json_type, nullable=False, server_default=text("'[]'")),
    Column("visits", json_type, nullable=False, server_default=text("'[]'")),
    Column("segments", json_type, nullable=False, server_default=text("'[]'")),
    Column("direction", Text, nullable=False, server_default=text("'inbound'")),
    Column("cause", Text, nullable=False, server_default=text("''")),
)

# Each serves one filter and the order in which records are listed at once. None for the site: few have more than one.
Index("ix_records_created_at", records.c.created_at, records.c.contact_id)
for _filtered in ("queue", "agent_id", "outcome", "disposition", "ani", "dnis", "customer_id"):
    Index(f"ix_records_{_filtered}", records.c[_filtered], records.c.created_at, records.c.contact_id)

# What statistics are counted from: each stay of a record in a queue, laid out in columns.
queue_visits: Final = Table(
    "queue_visits",
    metadata,
    Column("contact_id", Text, ForeignKey("records.contact_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("queue", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("result", Text, nullable=False),
    Column("callback", Boolean, nullable=False),
    Column("wait_ms", BigInteger, nullable=False),
    Column("within", Boolean, nullable=False),
    Column("handling_ms", BigInteger, nullable=False),
)
Index("ix_queue_visits_at", queue_visits.c.at)
Index("ix_queue_visits_queue", queue_visits.c.queue, queue_visits.c.at)

# What flows' sums are made of: each stay of a record in a flow, and in each of its nodes.
flow_visits: Final = Table(
    "flow_visits",
    metadata,
    Column("contact_id", Text, ForeignKey("records.contact_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("flow", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    Column("result", Text, nullable=False),
    Column("to_kind", Text, nullable=False),
    Column("contained", Boolean, nullable=False),
)
Index("ix_flow_visits_flow", flow_visits.c.flow, flow_visits.c.at)

node_visits: Final = Table(
    "node_visits",
    metadata,
    Column("contact_id", Text, ForeignKey("records.contact_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("flow", Text, nullable=False),
    Column("node", Text, nullable=False),
    # When its flow was entered.
    Column("at", BigInteger, nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    Column("left_by", Text, nullable=False),
    Column("timeouts", Integer, nullable=False),
    Column("invalid", Integer, nullable=False),
    Column("failure", Text, nullable=False),
)
Index("ix_node_visits_flow", node_visits.c.flow, node_visits.c.at)

# What flows' reports are read from. ``starts_at`` is the begin of the stretch of time in which the flow was entered:
# ``ctid.store.flow_sums`` says how long those are. Sums of records that are deleted by hand stay; they name nobody.
flow_sums: Final = Table(
    "flow_sums",
    metadata,
    Column("flow", Text, primary_key=True),
    Column("starts_at", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Text, primary_key=True),
    Column("result", Text, primary_key=True),
    Column("to_kind", Text, primary_key=True),
    Column("entered", BigInteger, nullable=False),
    Column("contained", BigInteger, nullable=False),
    Column("total_ms", BigInteger, nullable=False),
    # Laid out by its key: a report reads one stretch of the table.
    sqlite_with_rowid=False,
)

node_sums: Final = Table(
    "node_sums",
    metadata,
    Column("flow", Text, primary_key=True),
    Column("starts_at", BigInteger, primary_key=True, autoincrement=False),
    Column("node", Text, primary_key=True),
    Column("left_by", Text, primary_key=True),
    Column("failure", Text, primary_key=True),
    # How many half seconds they were in it, whole ones.
    Column("grain", BigInteger, primary_key=True, autoincrement=False),
    Column("entered", BigInteger, nullable=False),
    Column("total_ms", BigInteger, nullable=False),
    Column("timeouts", BigInteger, nullable=False),
    Column("invalid", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Who served a contact: a record names the last agent only.
record_agents: Final = Table(
    "record_agents",
    metadata,
    Column("contact_id", Text, ForeignKey("records.contact_id", ondelete="CASCADE"), primary_key=True),
    Column("agent_id", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
)
Index("ix_record_agents_agent_id", record_agents.c.agent_id, record_agents.c.created_at, record_agents.c.contact_id)

customers: Final = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("attributes", json_type, nullable=False),
    Column("cases", json_type, nullable=False, server_default=text("'[]'")),
)

customer_numbers: Final = Table(
    "customer_numbers",
    metadata,
    Column("number", Text, primary_key=True),
    Column("customer_id", Text, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
)
Index("ix_customer_numbers_customer_id", customer_numbers.c.customer_id)

webhooks: Final = Table(
    "webhooks",
    metadata,
    Column("site", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("epoch", Text, nullable=False),
    # The last event of the stream that was taken in for this webhook, whether it was meant for it or not.
    Column("taken_seq", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("site", Text, nullable=False),
    Column("webhook", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tried_at_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    # Set for dead letters.
    Column("died_at_ms", BigInteger),
    Column("cause", Text, nullable=False),
    # Numbers are never given twice, so that the order in which events came can be told from them.
    sqlite_autoincrement=True,
)
Index(
    "ix_webhook_deliveries_id",
    webhook_deliveries.c.site,
    webhook_deliveries.c.webhook,
    webhook_deliveries.c.id,
    unique=True,
)
Index(
    "ix_webhook_deliveries_died_at_ms",
    webhook_deliveries.c.site,
    webhook_deliveries.c.webhook,
    webhook_deliveries.c.died_at_ms,
)

# Somebody who signs in with a password. ``password`` is a hash, with its parameters (PHC string format).
users: Final = Table(
    "users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("queues", json_type, nullable=False),
    Column("teams", json_type, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("signed_in_at", BigInteger),
)

# By a hash of what was typed as the name: some type their password there.
sign_in_failures: Final = Table(
    "sign_in_failures",
    metadata,
    Column("name_hash", Text, primary_key=True),
    Column("failures", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)
Index("ix_sign_in_failures_last_at", sign_in_failures.c.last_at)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    # Empty for sessions that an identity provider vouches for.
    Column("user_name", Text, nullable=False),
    Column("granted", json_type, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
for _looked_up in ("user_name", "expires_at", "ended_at"):
    Index(f"ix_sessions_{_looked_up}", sessions.c[_looked_up])

# All that a session ever had, so that one used again is known for what it is.
refresh_tokens: Final = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("session_id", Text, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("used_at", BigInteger),
)
Index("ix_refresh_tokens_session_id", refresh_tokens.c.session_id)

audit: Final = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("status", BigInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("command_id", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("address", Text, nullable=False),
)
Index("ix_audit_at", audit.c.at, audit.c.id)
Index("ix_audit_subject", audit.c.subject, audit.c.at, audit.c.id)

# What is known of each recording in the vault, whose folder has the files.
recordings: Final = Table(
    "recordings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("ani", Text, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("encrypted", Boolean, nullable=False),
    Column("on_demand", Boolean, nullable=False),
    Column("result", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("heard_at", BigInteger),
    Column("heard_by", Text, nullable=False),
)
Index("ix_recordings_began_at", recordings.c.began_at, recordings.c.id)
Index("ix_recordings_expires_at", recordings.c.expires_at)
for _found_by in ("contact_id", "agent_id", "queue"):
    Index(f"ix_recordings_{_found_by}", recordings.c[_found_by], recordings.c.began_at, recordings.c.id)
