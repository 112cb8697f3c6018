"""Spoken values: what numbers, dates and amounts sound like, in phrases that are all known beforehand. Pure."""
