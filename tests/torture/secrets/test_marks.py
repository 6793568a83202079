"""The search itself: it finds what is planted, in each form, and nothing where nothing is."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.tools.marks import PASSWORD, PIECE, Marks, marked_token

TOKEN = marked_token("10000000000001")
MARKS = Marks(TOKEN, PASSWORD)
HEADER, PAYLOAD, SIGNATURE = TOKEN.split(".")

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": lambda text: quote(text, safe=""),
    "as a form": quote_plus,
    "repr": repr,
    "json": json.dumps,
    "html": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 inside another": lambda text: base64.b64encode(f"u:{text}!".encode()).decode(),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(f"?{text}".encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "broken over lines": lambda text: "\n   ".join(text[at : at + 9] for at in range(0, 999, 9)),
    "every character percent-encoded": lambda text: "".join(f"%{b:02X}" for b in text.encode()),
    "every character an entity": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "every character escaped": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "upper case": lambda text: text.upper().replace("É", "é"),
    "an element each": lambda text: "".join(f"<t>{html.escape(c)}</t>" for c in text),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", [TOKEN, PASSWORD], ids=["token", "password"])
def test_a_planted_secret_is_found_in_each_form(secret: str, form: str) -> None:
    planted = FORMS[form](secret)
    assert MARKS.found(f"before {planted} after")
    assert MARKS.found(b"\0\xff" + planted.encode() + b"\xfe")


@pytest.mark.parametrize("part", [HEADER, PAYLOAD, SIGNATURE])
def test_each_part_of_a_token_is_found(part: str) -> None:
    assert MARKS.found(part)


@pytest.mark.parametrize("part", [PAYLOAD, SIGNATURE])
def test_any_piece_of_a_token_is_found(part: str) -> None:
    for at in range(len(part) - PIECE + 1):
        assert MARKS.found(f"…{part[at : at + PIECE]}…")


def test_nothing_is_found_where_nothing_is() -> None:
    other = Marks(marked_token("20000000000002"), "another password")
    for text in ("", "linky-tui failed: HTTP 401", SIGNATURE[:5], PASSWORD[:3]):
        assert not MARKS.found(text)
    assert "a piece of the token's signature" not in other.found(TOKEN)


def test_files_their_names_and_links_are_searched(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(TOKEN)
    (tmp_path / "log.txt").write_text("nothing")
    assert MARKS.absent_in_files(tmp_path) == 1
    plants: list[Callable[[Path], object]] = [
        lambda folder: (folder / "state.bin").write_bytes(b"\0" + SIGNATURE.encode()),
        lambda folder: (folder / quote(PASSWORD, safe="")).mkdir(),
        lambda folder: (folder / "link").symlink_to(SIGNATURE),
    ]
    for number, plant in enumerate(plants):
        folder = tmp_path / f"deep-{number}" / "deeper"
        folder.mkdir(parents=True)
        plant(folder)
        with pytest.raises(AssertionError):
            MARKS.absent_in_files(tmp_path / f"deep-{number}")
