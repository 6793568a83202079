"""The comparison for a projector."""
