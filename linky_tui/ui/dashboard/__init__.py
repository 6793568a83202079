"""Home: six figures, bars, the last curve, the table."""
