"""Results as sentences, tables and plots, and the report that holds them."""
