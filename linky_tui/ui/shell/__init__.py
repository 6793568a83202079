"""What all pages stand on: the connection, the ingest worker, header, dialogs."""
