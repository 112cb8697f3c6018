"""What the outside is shown of the state: plain data, and what may be asked of each thing in it."""
