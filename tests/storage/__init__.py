"""Tests of the only package that talks to MongoDB."""
