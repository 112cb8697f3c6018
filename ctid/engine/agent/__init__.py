"""Agents, their phones and calls, and the contacts they are offered."""
