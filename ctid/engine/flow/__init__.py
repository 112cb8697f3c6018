"""Contacts in flows of the IVR: what a flow knows of them, what becomes of what it wants."""
