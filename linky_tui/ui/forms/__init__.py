"""Fields over keys of the configuration, and what they hold."""
