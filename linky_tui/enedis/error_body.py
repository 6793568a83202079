"""What an answer that is no success says, wherever it says it.

The same code may sit in ``error.error``, ``error.code``, ``error.fault.code``, in a plain text or
in JSON inside a string; the gateway, Enedis and Cloudflare each have an envelope of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape

from linky_tui.text.formatting import plain

_MAX_DEPTH = 6
_MAX_FIELDS = 200
_MAX_TEXT = 20_000
_ENEDIS_ENVELOPE = "The Enedis API returned an error"
# Ordered: the more specific code decides where several stand in one body.
_CODES = (
    re.compile(r"(?:ADAM-ERR|ADAM-DC-)\d{4}(?!\d)|STM-ERR-\d{7}(?!\d)", re.ASCII | re.IGNORECASE),
    re.compile(r"(?<!\d)900[89]0\d(?!\d)", re.ASCII),
    re.compile(r"\b(?:no_data_found|technical_error|invalid_request)\b", re.IGNORECASE),
)
_CODE_FIELDS = ("code", "error", "error_code")
_TEXT_FIELDS = ("error_description", "description", "detail", "message", "title", "error")
# Its short form, for clients that do not ask for a web page, is only "error code: 1006".
_CLOUDFLARE = re.compile(r"cloudflare|\Aerror code: 1\d\d\d\Z", re.ASCII | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,500})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What was found in the body of an error."""

    # the known code of the highest rank, in its usual spelling, else whatever stands in a `code` or
    # `error` field, or empty
    code: str
    # whether `code` is one of Enedis' own, not of the API manager before it (900908 and the like)
    of_enedis: bool
    text: str  # what it says to a person, on one short line, free of credentials and meter numbers
    # whether the body itself is a web page, as Cloudflare sends (a page inside the gateway's JSON
    # is not)
    html: bool
    cloudflare: bool  # whether Cloudflare answered by itself
    from_enedis: bool  # whether the gateway passed on what Enedis answered
    # the fields that the gateway's own validation refused; `None` if it did not
    zod_paths: frozenset[str] | None
    next_access: str | None  # the `nextAccessTime` of a quota, as it stands there


def read_error_body(headers: Mapping[str, str], body: bytes) -> ErrorBody:
    """Look through a decompressed body of any kind; never raises.

    The names of the headers are in lower case.
    """
    content = body.decode("utf-8-sig", errors="replace").strip()
    content_type = headers.get("content-type", "").lower()
    data = _parse(content)
    fields = [] if data is None else _fields(data)
    html = data is None and (
        content[:14].lower().startswith(("<!doctype html", "<html")) or "text/html" in content_type
    )
    texts = [value for _, value in fields] or [content[:_MAX_TEXT]]
    code = _known_code(texts)
    paths = frozenset(value for key, value in fields if key == "path")
    from_enedis = ("message", _ENEDIS_ENVELOPE) in fields
    return ErrorBody(
        code=code or _other_code(fields),
        of_enedis=bool(code) and not code.isdigit(),
        text=_text(fields, content),
        html=html,
        cloudflare=not (code or from_enedis)
        and ("problem+json" in content_type or any(_CLOUDFLARE.search(text) for text in texts)),
        from_enedis=from_enedis,
        zod_paths=paths if ("name", "ZodError") in fields else None,
        next_access=next((value for key, value in fields if key == "nextAccessTime"), None),
    )


def _parse(content: str) -> object:
    if not content.startswith(("{", "[")):
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _fields(data: object) -> list[tuple[str, str]]:
    """Every text and number with the key it stands under (that of its list, in a list)."""
    found: list[tuple[str, str]] = []
    for field in _walk("", data, 0):
        found.append(field)
        if len(found) == _MAX_FIELDS:
            break
    return found


def _walk(key: str, value: object, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        inner = _parse(value.strip()) if depth < _MAX_DEPTH else None
        if inner is None:
            yield key, value[:_MAX_TEXT]
        else:
            yield from _walk(key, inner, depth + 1)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield key, str(value)
    elif depth < _MAX_DEPTH and isinstance(value, dict):
        for name, item in value.items():
            yield from _walk(name, item, depth + 1)
    elif depth < _MAX_DEPTH and isinstance(value, list):
        for item in value:
            yield from _walk(key, item, depth + 1)


def _known_code(texts: list[str]) -> str:
    for pattern in _CODES:
        for text in texts:
            if match := pattern.search(text):
                code = match[0]
                return code.lower() if "_" in code else code.upper()
    return ""


def _other_code(fields: list[tuple[str, str]]) -> str:
    for key, value in fields:
        if key in _CODE_FIELDS and re.fullmatch(r"[\w.-]{1,40}", value, re.ASCII):
            return plain(value, 40)
    return ""


def _text(fields: list[tuple[str, str]], content: str) -> str:
    said = content if not fields else ""
    for name in _TEXT_FIELDS:
        # The innermost is the most telling: the outer one is the gateway's envelope.
        texts = [v for key, v in fields if key == name and v.strip() and v != _ENEDIS_ENVELOPE]
        if texts:
            said = texts[-1]
            break
    if title := _TITLE.search(said):
        said = unescape(title[1])
    else:
        said = re.sub(r"<[^<>]*>", " ", said[:_MAX_TEXT])
    return plain(said, 200)
