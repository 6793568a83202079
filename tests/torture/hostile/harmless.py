"""What no text of ours may hold by the time it reaches a terminal."""

from __future__ import annotations

import unicodedata

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def assert_harmless(text: str, allowed: str = "\n") -> None:
    """No control, format, surrogate or separator character, no pile of accents."""
    for place, character in enumerate(text):
        if character not in allowed:
            category = unicodedata.category(character)
            assert category not in HIDDEN, (hex(ord(character)), text[max(0, place - 40) :][:80])
    marks = "".join("m" if unicodedata.category(c) in ("Mn", "Me") else "-" for c in text)
    assert "mmm" not in marks, text


def assert_short(text: str, limit: int = 200) -> None:
    """A foreign text on its own: one line, not too long."""
    assert_harmless(text, allowed="")
    assert len(text) <= limit
