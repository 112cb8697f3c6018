"""Texts made sound: rendered by engines or recorded by people, kept as files that a PBX plays."""
