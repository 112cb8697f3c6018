"""Posts published events to receivers of the configuration, at least once each, in order for each contact."""
