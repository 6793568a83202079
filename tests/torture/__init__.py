"""Attempts to break the promises of design.md, short in CI and long by hand (--long)."""
