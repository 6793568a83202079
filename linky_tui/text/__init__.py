"""Texts: numbers and dates for people, foreign texts made harmless, secrets taken out."""
