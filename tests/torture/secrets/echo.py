"""Gateways that send back what they got, and gateways that break in every other way."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from urllib.parse import quote

from tests.tools.servers import Handler

Answer = Callable[[Handler], object]

ELSEWHERE = "http://127.0.0.1:9/elsewhere"


def _sent(handler: Handler) -> str:
    return handler.headers.get("Authorization", "")


def _token(handler: Handler) -> str:
    return _sent(handler).removeprefix("Bearer ")


def _says(status: int, make: Callable[[Handler], object], kind: str = "application/json") -> Answer:
    def answer(handler: Handler) -> None:
        said = make(handler)
        body = said if isinstance(said, bytes) else said if isinstance(said, str) else None
        data = json.dumps(said) if body is None else body
        handler.send(data.encode() if isinstance(data, str) else data, status, Content_Type=kind)

    return answer


def _error(status: int, make: Callable[[Handler], str], key: str = "message") -> Answer:
    return _says(status, lambda h: {"status": status, key: make(h), "error": make(h)})


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _hexed(text: str) -> str:
    return text.encode().hex()


def _v2(handler: Handler, **point: str) -> object:
    """An answer as Enedis gives it, for whatever was asked, with one point of ours."""
    from urllib.parse import parse_qs, urlsplit

    asked = {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}
    first = asked.get("dateDebut", asked.get("start", ""))
    points = [{"v": "100", "d": f"{first} 00:30:00", "p": "PT30M", "n": "B", **point}]
    values = {"grandeurMetier": "CONS", "grandeurPhysique": "PA", "unite": "W", "points": points}
    prm = asked.get("pointId", asked.get("prm", ""))
    period = {"dateDebut": first, "dateFin": asked.get("dateFin", asked.get("end", ""))}
    return {"idPrm": prm, "periode": period, "grandeur": [values]}


def _raw(make: Callable[[Handler], bytes]) -> Answer:
    def answer(handler: Handler) -> None:
        handler.wfile.write(make(handler))
        handler.close_connection = True

    return answer


def _with_header(status: int, name: str, make: Callable[[Handler], str]) -> Answer:
    return lambda handler: handler.send(b"{}", status, **{name: make(handler)})


def _gzip_with_token(handler: Handler) -> None:
    handler.send(gzip.compress(_sent(handler).encode())[:-9], 500, Content_Encoding="gzip")


def _silent(handler: Handler) -> None:
    handler.server.closing.wait()


ECHOES: dict[str, Answer] = {
    "401 with the header": _error(401, _sent),
    "401 with the token alone": _error(401, _token),
    "401 of Enedis with the token": _error(401, _token, "error_description"),
    "400 with the signature": _error(400, lambda h: _token(h).rpartition(".")[2]),
    "403 with the payload": _error(403, lambda h: _token(h).split(".")[1]),
    "403 with the token percent-encoded": _error(403, lambda h: quote(_sent(h), safe="")),
    "404 with the token in base64": _error(404, lambda h: _b64(_sent(h))),
    "500 with the token in base64": _error(500, lambda h: _b64(_token(h))),
    "500 with the token in hex": _error(500, lambda h: _hexed(_token(h))),
    "500 with half a token": _error(500, lambda h: _token(h)[40:110]),
    "500 in plain text": _says(500, lambda h: f"Debug: {h.headers}", "text/plain"),
    "500 as a page": _says(500, lambda h: f"<html><title>{_token(h)}</title></html>", "text/html"),
    "500 as broken JSON": _says(500, lambda h: f'{{"error": "{_token(h)}'),
    "code of the signature": _says(400, lambda h: {"code": _token(h).rpartition(".")[2][:40]}),
    "ban with the token": _says(
        403,
        lambda h: f"<html><title>Attention Required! | Cloudflare {_token(h)}</title></html>",
        "text/html",
    ),
    "Zod error with the token": _says(
        400,
        lambda h: {
            "message": "Paramètres invalides",
            "error": {"name": "ZodError", "issues": [{"path": [_token(h)], "message": _sent(h)}]},
        },
    ),
    "quota with the token": _says(
        429, lambda h: {"error": {"code": "900804", "nextAccessTime": _token(h)}}
    ),
    "Retry-After with the token": _with_header(503, "Retry_After", _token),
    "cookie with the token": _with_header(500, "Set_Cookie", lambda h: f"t={_token(h)}"),
    "redirect with the token": _with_header(302, "Location", lambda h: f"{ELSEWHERE}?{_token(h)}"),
    "reason with the token": _raw(
        lambda h: f"HTTP/1.1 500 {_token(h)}\r\nContent-Length: 0\r\n\r\n".encode()
    ),
    "broken head with the token": _raw(
        lambda h: f"HTTP/1.1 500 No\r\n{_sent(h)}\r\nX: 1\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    ),
    "no HTTP but the token": _raw(lambda h: f"{_sent(h)}\r\n\r\n".encode()),
    "length of the token": _raw(
        lambda h: f"HTTP/1.1 200 OK\r\nContent-Length: {_token(h)}\r\n\r\n{{}}".encode()
    ),
    "damaged compression": _gzip_with_token,
    "200 as a page": _says(200, lambda h: f"<html>{_sent(h)}</html>", "text/html"),
    "200 with unknown keys": _says(200, lambda h: {_token(h): _sent(h)}),
    "200 of the meter token": _says(200, lambda h: {**_as_dict(_v2(h)), "idPrm": _token(h)}),
    "200 with the token as a date": _says(200, lambda h: _v2(h, d=_token(h))),
    "200 with the token as a value": _says(200, lambda h: _v2(h, v=_token(h))),
    "200 with the token as a step": _says(200, lambda h: _v2(h, p=_token(h))),
    "200 with the signature as a nature": _says(
        200, lambda h: _v2(h, n=_token(h).rpartition(".")[2][:16])
    ),
    "200 with the token as a field": _says(200, lambda h: _v2(h, **{_token(h): "1"})),
}
"""Each sends back the token, or a part of it, in some way."""


def _reset(handler: Handler) -> None:
    handler.reset()


def _trickle(handler: Handler) -> None:
    handler.head(200, 999)
    handler.trickle()


def _cut_off(handler: Handler) -> None:
    handler.head(200, 999)
    handler.wfile.write(b"{")
    handler.reset()


BREAKS: dict[str, Answer] = {
    "silent": _silent,
    "reset": _reset,
    "trickle": _trickle,
    "cut off": _cut_off,
    "empty": _says(500, lambda h: b""),
}
"""No answer worth the name."""


def _as_dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def good_answer(handler: Handler) -> None:
    """An answer as Enedis gives it, to whatever was asked."""
    handler.send(json.dumps(_v2(handler)).encode(), Content_Type="application/json")
