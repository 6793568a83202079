"""The commands without an interface: for cron, scripts and curious people."""
