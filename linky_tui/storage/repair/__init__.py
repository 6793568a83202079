"""Making both collections and the ledger agree again."""
