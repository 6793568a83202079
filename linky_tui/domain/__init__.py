"""What everything talks about: readings, Paris days, coverage, curves. Pure, no I/O."""
