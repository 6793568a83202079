"""Copying what a page shows."""
