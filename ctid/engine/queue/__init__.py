"""Contacts in queues: entering, being treated while they wait, the ways out, callbacks that keep the place."""
