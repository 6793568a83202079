"""The fixtures of the application's tests, at today's real date."""

from tests.ui.conftest import make_app, new_database, stored_home

__all__ = ["make_app", "new_database", "stored_home"]
