"""Marked secrets, and finding them in whatever the program leaves behind, in any usual encoding."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote_to_bytes

from tests.tools.tokens import token

PIECE = 12
"""So many characters in a row of a token's payload or signature count as a leak."""
PASSWORD = "Mk/7p@ss:w?rd#&+é%41 zQ9x"
PROXY_PASSWORD = "pRoXy-s3cr3t-Jv8w2"

_BLANK = re.compile(rb"[\s\x00-\x1f\xa0]+")
_TAG = re.compile(rb"<[^>]{0,500}>")
_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_SMALL = 1_000_000


def marked_token(*prms: str, expires: datetime = datetime(2035, 1, 1, tzinfo=UTC)) -> str:
    """A well-formed token that no real one resembles."""
    marked = "MarkedTokenOfTheTortureTests"
    return token(kid="MarkedHeader", sub=list(prms), exp=expires, jti=marked)


class Marks:
    """What must appear nowhere."""

    def __init__(self, token: str, *passwords: str) -> None:
        self.token = token
        self.passwords = passwords
        self._needles = dict(self._all_needles())

    def found(self, data: bytes | str) -> list[str]:
        """What of the secrets is in the data, and in which form."""
        raw = data.encode("utf-8", errors="surrogateescape") if isinstance(data, str) else data
        seen = {view.lower() for view in _views(raw)}
        return sorted(
            {name for needle, name in self._needles.items() if any(needle in v for v in seen)}
        )

    def absent(self, place: str, data: bytes | str) -> None:
        """Fail if there is anything of the secrets.

        Raises:
            AssertionError: names the place and the form, not the secret.
        """
        found = self.found(data)
        assert not found, f"{place} holds {found}: {_shortened(data)}"

    def absent_in_files(self, *folders: Path, but: tuple[str, ...] = ("config.toml",)) -> int:
        """Search every file below some folders, and their names; how many were searched."""
        count = 0
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                self.absent("a file name", str(path.relative_to(folder)))
                if path.is_symlink():
                    self.absent(f"the link {path}", str(path.readlink()))
                elif path.is_file() and path.name not in but:
                    self.absent(str(path), path.read_bytes())
                    count += 1
        return count

    def _all_needles(self) -> Iterator[tuple[bytes, str]]:
        header, payload, signature = self.token.split(".")
        yield header.lower().encode(), "the token's header"
        for part, name in ((payload, "payload"), (signature, "signature")):
            for at in range(len(part) - PIECE + 1):
                yield part[at : at + PIECE].lower().encode(), f"a piece of the token's {name}"
        for form, name in _coded(self.token.encode()):
            # Whatever holds twice as many of these in a row holds one of them.
            for at in range(0, len(form) - PIECE + 1, PIECE):
                yield form[at : at + PIECE].lower(), f"the token in {name}"
        for password in self.passwords:
            data = password.encode()
            for text in (
                password,
                *(quote(password), quote(password, safe=""), quote_plus(password)),
                *(json.dumps(password)[1:-1], repr(password)[1:-1], html.escape(password)),
                password.encode("unicode_escape").decode(),
            ):
                yield text.lower().encode(), "a password"
                yield _BLANK.sub(b"", text.lower().encode()), "a password"
            for form, name in _coded(data):
                yield form.lower(), f"a password in {name}"


def _coded(data: bytes) -> Iterator[tuple[bytes, str]]:
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + data)
        core = coded[(shift * 8 + 5) // 6 : (shift + len(data)) * 8 // 6]
        yield core, "base64"
        yield core.replace(b"+", b"-").replace(b"/", b"_"), "base64"
    yield data.hex().encode(), "hex"


def _views(raw: bytes) -> Iterator[bytes]:
    """The data, and what a person or a program would read in it."""
    if raw.startswith(b"<svg"):
        yield _text(raw)  # the rest of half a megabyte is where each character stands
        return
    yield raw
    if len(raw) > _SMALL:
        return
    # Lines broken by a terminal, characters of a picture in elements of their own.
    yield _BLANK.sub(b"", raw)
    yield _BLANK.sub(b"", unquote_to_bytes(raw))
    yield _text(raw)
    yield _ESCAPED.sub(lambda m: chr(int(m[1] or m[2], 16)).encode(), raw)


def _text(raw: bytes) -> bytes:
    text = html.unescape(_TAG.sub(b"", raw).decode("utf-8", errors="surrogateescape"))
    return _BLANK.sub(b"", text.replace("\xa0", "").encode("utf-8", errors="surrogateescape"))


def _shortened(data: bytes | str) -> str:
    text = data if isinstance(data, str) else data.decode("utf-8", errors="replace")
    return text if len(text) < 3000 else f"{text[:1500]} … {text[-1500:]}"
