"""Benchmarks: each measures ctid beside a named peer in the same run, and asserts nothing about time."""
