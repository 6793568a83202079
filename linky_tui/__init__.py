"""linky-tui: Linky half-hours in MongoDB, stored twice and compared, in a terminal."""

__version__ = "0.1.0"
