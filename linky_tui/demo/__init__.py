"""A simulated home and a simulated Conso API: everything can be tried without an account."""
