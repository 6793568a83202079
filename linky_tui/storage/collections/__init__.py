"""What is stored: the shape of a document, the handles of each collection, settled writes."""
