"""The secrets of this process, and taking them out of texts that others wrote.

A gateway, a proxy or a server may send back what it got: the token in its error text, the address
with the password, encoded in some way. Whoever reads or sends a secret makes it known here once;
:func:`scrub`, which every foreign text and every crash text goes through, then leaves no piece of
it. What merely looks like a secret is masked by :func:`linky_tui.text.formatting.plain`.

Secrets are kept in memory only, for as long as the process lives.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

HIDDEN = "…"
"""Stands where a secret stood."""

_SHORTEST = 6
"""Shorter passwords are parts of ordinary words: hiding those would tell the password."""
_SHORTEST_CODED = 8
_PIECE, _CODED_PIECE = 8, 12
"""So many characters of a token in a row are a piece of it; of an encoded one, so many."""
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
SECRET_OPTION = re.compile(r"(?i)passw|pwd|token|secret|mechanismproperties")
"""The names of options of an address whose values are secret."""

_lock = threading.Lock()
_exact: frozenset[str] = frozenset()
_pieces: frozenset[str] = frozenset()
_coded_pieces: frozenset[str] = frozenset()
_pattern: re.Pattern[str] | None = None


def protect(secret: str) -> None:
    """Make a password known; it is found whole, in any usual encoding."""
    _add([form for form in _forms(secret) if len(form) >= _SHORTEST], (), ())


def protect_token(token: str) -> None:
    """Make a token known; it is also found in pieces, such as its signature alone."""
    if len(token) < _PIECE or token in _exact:
        return
    folded = token.lower()
    coded = [form.lower() for form in _coded(token)]
    _add([token], _windows(folded, _PIECE), (w for f in coded for w in _windows(f, _CODED_PIECE)))


def protect_address(address: str) -> None:
    """Make known what is secret in an address such as ``scheme://user:password@host/?option=…``.

    Also where it is no valid address: then the password may hold any character.
    """
    _, found, rest = address.strip().partition("://")
    if not found:
        return
    user_part, at, _ = rest.rpartition("@")
    _, colon, password = user_part.partition(":")
    if at and colon:
        protect(password)
        # An error may quote only the part up to the character that made it unreadable.
        for part in re.split(r"[/?#\[\]@:]", password):
            protect(part)
    for option in re.split("[&;]", address.partition("?")[2]):
        name, _, value = option.partition("=")
        if SECRET_OPTION.search(name):
            for part in re.split("[:,]", value):
                protect(part)
    # A value with a separator of options in it is more than one option to the driver.
    for match in re.finditer(r"(?i)mechanismproperties=([^&]*)", address):
        protect(match[1])
        for part in re.split("[:,;]", match[1]):
            protect(part)


def scrub(text: str) -> str:
    """A text with every known secret, and every piece of a known token, replaced by "…"."""
    return scrub_pieces(scrub_whole(text))


def scrub_whole(text: str) -> str:
    """A text without the known secrets, as far as they stand there whole."""
    return text if _pattern is None else _pattern.sub(HIDDEN, text)


def scrub_pieces(text: str) -> str:
    """A text without the pieces of known tokens; "…" alone where they are hidden in it."""
    if _pattern is None:
        return text
    for view in (unquote(text), html.unescape(text), _unescaped(text)):
        if view != text and (_pattern.search(view) or any(_covered(view))):
            return HIDDEN
    if any(_covered("".join(text.split()))) and not any(_covered(text)):
        return HIDDEN
    hidden = _covered(text)
    if not any(hidden):
        return text
    kept = "".join("\0" if mark else c for c, mark in zip(text, hidden, strict=True))
    return re.sub("\0+", HIDDEN, kept)


def _covered(text: str) -> bytearray:
    """Which characters of a text belong to a piece of a token."""
    folded = text.lower()
    if len(folded) != len(text):  # some letters change their length; no token has them
        folded = "".join(c.lower() if c.isascii() else c for c in text)
    hidden = bytearray(len(text))
    for pieces, size in ((_pieces, _PIECE), (_coded_pieces, _CODED_PIECE)):
        for at in range(len(folded) - size + 1):
            if folded[at : at + size] in pieces:
                hidden[at : at + size] = b"\1" * size
    return hidden


def _unescaped(text: str) -> str:
    r"""A text with its ``\u0041`` and ``\x41`` as characters."""
    return _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)


def _add(exact: Iterable[str], pieces: Iterable[str], coded_pieces: Iterable[str]) -> None:
    global _exact, _pieces, _coded_pieces, _pattern
    with _lock:
        new = _exact.union(exact)
        if new == _exact:
            return
        longest_first = sorted(new, key=lambda form: (-len(form), form))
        _pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
        _pieces = _pieces.union(pieces)
        _coded_pieces = _coded_pieces.union(coded_pieces)
        _exact = new


def _forms(secret: str) -> Iterator[str]:
    """A password as it may stand in somebody's text."""
    for plain in {secret, unquote(secret), unquote_plus(secret)}:
        if len(plain) < _SHORTEST:
            continue
        yield plain
        yield from (quote(plain), quote(plain, safe=""), quote_plus(plain))
        yield from (html.escape(plain), json.dumps(plain)[1:-1], repr(plain)[1:-1])
        yield plain.encode("unicode_escape").decode("ascii")
        yield from (form for form in _coded(plain) if len(form) >= _SHORTEST_CODED)


def _coded(secret: str) -> Iterator[str]:
    """A secret in base64, wherever it stands in what was encoded, in hex and percent-encoded."""
    data = secret.encode("utf-8", errors="surrogateescape")
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + data).decode("ascii")
        core = coded[(shift * 8 + 5) // 6 : (shift + len(data)) * 8 // 6]
        yield core
        yield core.replace("+", "-").replace("/", "_")
    yield data.hex()
    yield "".join(f"%{byte:02x}" for byte in data)


def _windows(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(len(text) - size + 1))
