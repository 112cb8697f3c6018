"""A caller's way through ctid: arriving, led on, in talk, called back."""
