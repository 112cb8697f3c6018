"""The demo: a real Asterisk, ctid, two agents and their callers, shown while it happens."""
