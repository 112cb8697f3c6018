"""From an HTTP request to its answer: what an operation is, its checks, and that it is carried out once."""
