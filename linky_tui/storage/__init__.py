"""MongoDB: two collections with identical readings, their ledger, leases and statistics."""
