"""Rehearsals: flows walked without a PBX, by tests and at the terminal. Pure."""
