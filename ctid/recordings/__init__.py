"""Recordings as files: from a PBX's spool into the store, encrypted, and out of it again."""
