"""The requests of one run: when the next may be sent, in which generation, and how often again."""
