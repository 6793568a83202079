"""The settings page: a form over the whole configuration."""
