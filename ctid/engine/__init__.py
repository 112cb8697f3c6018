"""The pure core: ``Engine.handle(event, now) -> [command]``. No clock, no chance, no I/O."""
