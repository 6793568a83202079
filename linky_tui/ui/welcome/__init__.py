"""The first page: two doors, and the form that connects a meter."""
