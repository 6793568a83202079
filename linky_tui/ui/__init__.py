"""The terminal application: Textual screens and plotext charts over the same pipeline."""
