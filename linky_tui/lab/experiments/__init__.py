"""How each experiment is done."""
