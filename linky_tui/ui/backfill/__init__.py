"""The backfill page: plan, progress, the calendar of two years."""
