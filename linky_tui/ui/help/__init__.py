"""Help: a dialog above any page or dialog."""
