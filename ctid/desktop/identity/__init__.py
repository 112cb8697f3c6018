"""Who asks, and what of the site they may see and command."""
