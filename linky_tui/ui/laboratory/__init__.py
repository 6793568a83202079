"""The laboratory: its experiments, their results as tables and plots, a reading as it is stored."""
