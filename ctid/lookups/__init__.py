"""Other systems that flows ask: by HTTP and by SQL, bounded in time and size, and only ever read."""
