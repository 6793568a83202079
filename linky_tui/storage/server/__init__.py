"""Our own mongod: found, started, shared, revived, and why it did not."""
