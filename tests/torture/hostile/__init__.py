"""Hostile answers, tokens and texts: made up here, judged by an oracle of their own (issue 4)."""
