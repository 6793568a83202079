"""Tests: a real mongod, real HTTP on loopback (design.md §8)."""
