"""Around the engine: the inbox it is fed from, the journal, and the dispatch of what it commands."""
