"""pbx_adapters: what a PBX says becomes model events, the engine's commands PBX actions. No decisions."""
