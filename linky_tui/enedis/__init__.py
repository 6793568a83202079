"""The Conso API: one request, its answer as readings, its faults, its budget."""
