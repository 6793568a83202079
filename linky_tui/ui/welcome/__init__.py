"""The first page: three doors, and the form that connects a meter."""
