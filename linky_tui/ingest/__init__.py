"""What to ask, in which order, and what becomes of it: one generator of events."""
