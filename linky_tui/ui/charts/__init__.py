"""The charts page: a view, a period, a place in time."""
