"""Attempts to break the promises, short in CI and long by hand (--long)."""
