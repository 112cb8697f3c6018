"""Where a contact enters: by number dialled and opening hours."""
