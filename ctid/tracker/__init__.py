"""Legs to contacts: which channel of which PBX belongs to what."""
