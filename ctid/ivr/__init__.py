"""Flows: what callers hear, which key leads where, what happens without one. Pure."""
