"""What the laboratory does with MongoDB: scratch servers, fills, sizes, races."""
