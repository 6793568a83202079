"""The live table of both collections and what fills it."""
