"""The event socket: every event to every desktop that may see it, in order, none waiting for another."""
