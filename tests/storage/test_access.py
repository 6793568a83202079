"""The address that other tools are given."""

from __future__ import annotations

import pytest

from linky_tui.storage.access import Access, configured_access
from linky_tui.words.access import access_notes


@pytest.mark.parametrize(
    ("configured", "shown"),
    [
        ("mongodb://h", "mongodb://h"),
        ("mongodb://u:geheim@h:1,i:2/db?w=1", "mongodb://u@h:1,i:2/db?w=1"),
        ("mongodb+srv://u%40x:ge%2Fheim@c.mongodb.net/?a=1&b=2",
         "mongodb+srv://u%40x@c.mongodb.net/?a=1&b=2"),
        ("mongodb://u:geheim@h/?appName=a@b", "mongodb://u@h/?appName=a@b"),
        ("mongodb://h/?appName=a:geheim@b", "mongodb://h/?appName=a:geheim@b"),
        ("mongodb://h/?tlsCertificateKeyFilePassword=geheim&tls=true", "mongodb://h/?tls=true"),
        ("mongodb://h/?tls=true;authMechanismProperties=AWS_SESSION_TOKEN:geheim;w=1",
         "mongodb://h/?tls=true;w=1"),
        ("mongodb://h/?proxyPassword=geheim", "mongodb://h/"),
        ("mongodb://%2Ftmp%2Fm.sock", "mongodb://%2Ftmp%2Fm.sock"),
    ],
)  # fmt: skip
def test_the_configured_address_is_shown_without_its_secrets(configured: str, shown: str) -> None:
    access = configured_access(configured)
    assert access == Access(shown)
    assert bool(access_notes(access)) == ("@h" in shown or "@c" in shown)


def test_a_line_for_a_shell_is_quoted() -> None:
    assert configured_access("mongodb://h/?a=1&b='").mongosh == (
        "mongosh 'mongodb://h/?a=1&b='\"'\"''"
    )
