"""Checks of flows beyond their form: where they lead, what they say and what they know."""
