"""Tests: a real mongod, real HTTP on loopback."""
