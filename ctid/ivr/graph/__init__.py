"""Flows as pictures. Pure."""
