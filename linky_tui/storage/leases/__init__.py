"""Who may write: one process a series."""
