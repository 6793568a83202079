"""JSON that no honest library writes: duplicated keys, literals of every kind, odd spellings."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from json.encoder import encode_basestring
from json.encoder import encode_basestring_ascii as ascii_text

_LONE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Raw:
    """A literal that goes into the text as it is: ``NaN``, ``1e308``, five thousand digits."""

    text: str


class Pairs(list[tuple[str, object]]):
    """An object whose keys may occur twice."""


def emit(node: object, rng: random.Random | None = None) -> str:
    """A tree as JSON text.

    ``node``: dictionaries, lists, :class:`Pairs`, :class:`Raw` and whatever ``json`` writes.
    ``rng``: writes odd white space, and letters as escapes, here and there.
    """
    if isinstance(node, Raw):
        return node.text
    if isinstance(node, dict | Pairs):
        pairs = node if isinstance(node, Pairs) else node.items()
        inner = ",".join(f"{_text(key, rng)}:{emit(value, rng)}" for key, value in pairs)
        return f"{{{_blank(rng)}{inner}{_blank(rng)}}}"
    if isinstance(node, list):
        return f"[{_blank(rng)}{','.join(emit(item, rng) for item in node)}]"
    return _text(node, rng) if isinstance(node, str) else json.dumps(node)


def _text(text: str, rng: random.Random | None) -> str:
    if rng is not None and text and rng.random() < 0.05:
        at = rng.randrange(len(text))
        if ord(text[at]) < 0x10000:
            head, tail = ascii_text(text[:at]), ascii_text(text[at + 1 :])
            return f"{head[:-1]}\\u{ord(text[at]):04x}{tail[1:]}"
    plain = rng is None or rng.random() < 0.5 or text.isascii() or _LONE.search(text)
    return ascii_text(text) if plain else encode_basestring(text)


def _blank(rng: random.Random | None) -> str:
    return rng.choice(["", "", "", "\n", "\t ", "\r\n"]) if rng is not None else ""
