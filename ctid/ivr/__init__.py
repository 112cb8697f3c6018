"""Menus: what is played, which key leads where, what happens without one. Pure."""
