"""Sentences that both front ends say."""
