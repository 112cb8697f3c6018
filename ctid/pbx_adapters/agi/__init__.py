"""agi: our own FastAGI server; one session for each leg that waits with us."""
