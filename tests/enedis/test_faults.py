"""Every fault of the gateway, and what the user reads of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from linky_tui.domain.models import Flow, Series
from linky_tui.enedis.faults import ApiFault, ApiFaultKind, classify
from linky_tui.errors import ApiError, Banned, LinkyError, ServiceDown, TokenRefused

NOW = datetime(2026, 11, 22, 17, 10, 20, tzinfo=UTC)
NEXT_HOUR = datetime(2026, 11, 22, 18, tzinfo=UTC)
SERIES = Series("12345678902823")
JSON_TYPE = {"Content-Type": "application/json"}
CLOUDFLARE = (
    b"<!DOCTYPE html>\n<html><head><title>Attention Required! | Cloudflare</title></head></html>"
)


def envelope(status: int, error: object) -> dict[str, object]:
    """What the gateway makes of an error of Enedis."""
    return {"status": status, "message": "The Enedis API returned an error", "error": error}


def enedis(code: str, text: str = "Un texte.") -> dict[str, object]:
    return {"error": code, "error_description": text}


def fault(status: int, content: object, headers: Mapping[str, str] = JSON_TYPE) -> ApiFault:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return classify(status, headers, body, NOW)


def zod(*fields: str, version: int = 3) -> dict[str, object]:
    """A refusal of the gateway's own validation."""
    issues = [{"code": "invalid_enum_value", "path": [name], "message": "…"} for name in fields]
    error: dict[str, object] = {"name": "ZodError", "issues": issues}
    if version == 4:
        error = {"name": "ZodError", "message": json.dumps(issues)}
    return {"status": 400, "message": "Paramètres invalides", "error": error}


NO_HEADER = {"status": 400, "message": "Le header 'Authorization' est manquant ou invalide"}
BAD_TOKEN = {
    "status": 401,
    "message": "Votre token est invalide ou ne permet pas d'accéder à ce PRM",
}
PROXY_TOKEN = {
    "status": 500,
    "message": "Impossible de rafraîchir le token. Réessayez plus tard",
}
FUTURE = "The end date parameter must be earlier than the current date."

ROWS: list[tuple[str, int, object, ApiFaultKind]] = [
    ("bad parameters", 400, zod("pointId", "dateDebut"), ApiFaultKind.BAD_REQUEST),
    ("unknown type", 400, zod("type"), ApiFaultKind.UNKNOWN_TYPE),
    ("unknown type, zod 4", 400, zod("type", version=4), ApiFaultKind.UNKNOWN_TYPE),
    ("bad parameters, zod 4", 400, zod("prm", version=4), ApiFaultKind.BAD_REQUEST),
    ("no header", 400, NO_HEADER, ApiFaultKind.TOKEN),
    ("bad token", 401, BAD_TOKEN, ApiFaultKind.TOKEN),
    ("start >= end", 400, enedis("Invalid_request"), ApiFaultKind.BAD_REQUEST),
    ("start >= end, v2", 400, enedis("ADAM-ERR0002"), ApiFaultKind.BAD_REQUEST),
    ("over 7 days", 400, enedis("ADAM-ERR0126"), ApiFaultKind.BAD_REQUEST),
    ("over 7 days, v2", 400, enedis("ADAM-DC-0015"), ApiFaultKind.BAD_REQUEST),
    ("before activation", 400, enedis("ADAM-ERR0123"), ApiFaultKind.FLOOR),
    ("older than depth", 400, enedis("ADAM-ERR0125"), ApiFaultKind.FLOOR),
    ("older than depth, v2", 400, enedis("ADAM-DC-0016"), ApiFaultKind.FLOOR),
    ("end in the future", 400, enedis("invalid_request", FUTURE), ApiFaultKind.BAD_REQUEST),
    ("before the consent", 403, enedis("ADAM-DC-0009"), ApiFaultKind.FLOOR),
    ("not owner", 400, enedis("ADAM-DC-0007"), ApiFaultKind.NOT_OWNER),
    ("not owner, v2", 403, enedis("ADAM-DC-0007"), ApiFaultKind.NOT_OWNER),
    ("no consent", 403, enedis("ADAM-DC-0008"), ApiFaultKind.CONSENT),
    ("wrong direction", 400, enedis("ADAM-ERR0069"), ApiFaultKind.WRONG_DIRECTION),
    ("no data", 404, enedis("no_data_found"), ApiFaultKind.NO_DATA),
    ("no data, v2", 404, enedis("STM-ERR-0000014"), ApiFaultKind.NO_DATA),
    ("no data, v2 again", 404, enedis("STM-ERR-0000020"), ApiFaultKind.NO_DATA),
    ("fault", 500, enedis("technical_error"), ApiFaultKind.SERVICE),
    ("fault, other text", 500, enedis("Internal Server error"), ApiFaultKind.SERVICE),
    ("proxy token", 500, PROXY_TOKEN, ApiFaultKind.SERVICE),
    ("quota", 429, {"code": 900804, "message": "Message throttled out"}, ApiFaultKind.QUOTA),
    ("quota, fault", 429, {"fault": {"code": "900807"}}, ApiFaultKind.QUOTA),
    ("quota, old", 429, {"error": 429}, ApiFaultKind.QUOTA),
    ("quota without a word", 429, b"", ApiFaultKind.QUOTA),
    (
        "not subscribed",
        403,
        {"fault": {"code": 900908, "message": "…"}},
        ApiFaultKind.NOT_SUBSCRIBED,
    ),
    ("gone", 410, {"message": "Gone"}, ApiFaultKind.NOT_SUBSCRIBED),
    ("banned", 403, CLOUDFLARE, ApiFaultKind.BANNED),
    ("gateway", 502, b"<html><title>502 Bad gateway</title></html>", ApiFaultKind.SERVICE),
    ("gateway timeout", 504, b"", ApiFaultKind.SERVICE),
    ("unknown path", 404, b"<!doctype html><title>Not found</title>", ApiFaultKind.UNKNOWN_TYPE),
    ("unknown path, WSO2", 404, {"code": "900906", "message": "…"}, ApiFaultKind.UNKNOWN_TYPE),
    ("dead v5 in an envelope", 404, "<html>gone</html>", ApiFaultKind.UNKNOWN_TYPE),
    ("another Enedis code", 404, enedis("STM-ERR-0000099"), ApiFaultKind.OTHER),
    ("another Enedis code", 400, enedis("ADAM-ERR0999"), ApiFaultKind.OTHER),
    ("a page inside the envelope is no ban", 403, "<html>cloudflare</html>", ApiFaultKind.OTHER),
    ("v2 answers 500 to a bad request", 500, enedis("ADAM-ERR0123"), ApiFaultKind.FLOOR),
    ("a code in a broken gateway", 502, enedis("ADAM-ERR0123"), ApiFaultKind.SERVICE),
    ("the gateway's own token", 401, {"fault": {"code": 900901}}, ApiFaultKind.SERVICE),
    (
        "wrong method",
        405,
        {"status": 405, "message": "Seule la méthode GET"},
        ApiFaultKind.BAD_REQUEST,
    ),
    ("redirect", 302, b"", ApiFaultKind.OTHER),
    ("first redirect", 300, b"", ApiFaultKind.OTHER),
    ("last redirect", 399, b"", ApiFaultKind.OTHER),
    ("last success", 299, b"", ApiFaultKind.BAD_ANSWER),
    ("first fault of the client", 400, b"", ApiFaultKind.BAD_REQUEST),
    ("last fault of the client", 499, b"", ApiFaultKind.OTHER),
    ("a code in another fault", 501, enedis("ADAM-ERR0123"), ApiFaultKind.SERVICE),
    ("success of another kind", 204, b"", ApiFaultKind.BAD_ANSWER),
    ("teapot", 418, {"message": "…"}, ApiFaultKind.OTHER),
]


@pytest.mark.parametrize(("name", "status", "content", "kind"), ROWS, ids=[r[0] for r in ROWS])
def test_each_row(name: str, status: int, content: object, kind: ApiFaultKind) -> None:
    """As the gateway passes it on, unless it is the gateway's or Cloudflare's own."""
    own = isinstance(content, bytes) or (isinstance(content, dict) and "status" in content)
    found = fault(status, content if own else envelope(status, content))
    assert found.kind is kind
    assert found.status == status
    assert found.is_4xx is (str(status)[0] == "4")


PLACES = [
    lambda code: {"error": {"error": code}},
    lambda code: {"error": {"code": code}},
    lambda code: {"error": {"fault": {"code": code}}},
    lambda code: {"fault": {"code": code}},
    lambda code: {"code": code, "message": "Un texte."},
    lambda code: {"error": code},
    lambda code: {"error": f"Erreur ADAM_{code} : un texte."},
    lambda code: {"error": json.dumps({"code": code})},
    lambda code: {"title": "Bad request", "detail": json.dumps([{"error": {"code": code}}])},
    lambda code: f"<fault><code>{code}</code></fault>".encode(),
]


@pytest.mark.parametrize("place", PLACES)
def test_a_code_is_found_wherever_it_stands(place: object) -> None:
    assert callable(place)
    for code, kind in (
        ("ADAM-ERR0123", ApiFaultKind.FLOOR),
        ("adam-dc-0008", ApiFaultKind.CONSENT),
    ):
        found = fault(400, place(code))
        assert (found.kind, found.code) == (kind, code.upper())


@pytest.mark.parametrize("field", ["code", "error", "error_code"])
def test_an_unknown_code_is_told_as_it_is(field: str) -> None:
    assert fault(400, {field: "NEW-1.2"}).code == "NEW-1.2"
    assert fault(400, {field: "no code at all"}).code == ""
    assert fault(400, {"other": "NEW-1.2"}).code == ""


@pytest.mark.parametrize("as_list", [False, True])
def test_a_body_is_read_six_levels_deep(as_list: bool) -> None:
    content: object = {"code": "NEW-1"}
    text: object = json.dumps({"code": "ADAM-ERR0123"})
    for level in range(1, 9):
        assert fault(400, content).code == ("NEW-1" if level <= 6 else "")
        if level == 7:
            assert fault(400, text).code == "ADAM-ERR0123"
        content, text = ([content], [text]) if as_list else ({"a": content}, {"a": text})


def test_of_a_flood_only_the_beginning_is_read() -> None:
    code = "ADAM-ERR0123"
    for more, seen in ((0, True), (1, False)):
        text = " " * (20_000 - len(code) + more) + code
        for content in ({"error": text}, ("x" + text[1:]).encode()):
            assert (fault(400, content).code == code) is seen
        fields = {f"f{number}": "x" for number in range(199 + more)}
        assert (fault(400, {**fields, "code": "NEW-1"}).code == "NEW-1") is seen


def test_a_numeric_code_may_be_a_number() -> None:
    for code in (900908, "900908"):
        assert fault(403, envelope(403, {"fault": {"code": code}})).code == "900908"


def test_digits_of_a_meter_are_no_code() -> None:
    found = fault(403, envelope(403, {"message": "PRM 12390090812345"}))
    assert (found.kind, found.code) == (ApiFaultKind.OTHER, "")


def test_the_more_specific_code_decides() -> None:
    error = {"error": "invalid_request", "error_description": "ADAM-ERR0125: too old"}
    assert fault(400, envelope(400, error)).kind is ApiFaultKind.FLOOR


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (CLOUDFLARE, {}),
        (b"\xef\xbb\xbf  <HTML>", {}),
        (b"Access denied", {"content-type": "text/html; charset=UTF-8"}),
        (b"", {"content-type": "text/html"}),
        (b"error code: 1006", {"content-type": "text/plain"}),
        (b'{"title":"Error 1006","status":403}', {"content-type": "application/problem+json"}),
        (b'{"cloudflare_error":true,"detail":"blocked by Cloudflare"}', JSON_TYPE),
    ],
)
def test_each_form_of_a_ban(content: bytes, headers: dict[str, str]) -> None:
    assert fault(403, content, headers).kind is ApiFaultKind.BANNED


def test_a_403_of_enedis_is_no_ban() -> None:
    headers = {"content-type": "text/html"}
    assert fault(403, envelope(403, enedis("ADAM-DC-0008")), headers).kind is ApiFaultKind.CONSENT
    assert fault(403, {"message": "no"}).kind is ApiFaultKind.OTHER
    assert fault(403, b"").kind is ApiFaultKind.OTHER


def test_what_is_tried_again() -> None:
    assert fault(502, b"").retryable
    assert ApiFault(ApiFaultKind.NETWORK).retryable
    assert not fault(429, b"").retryable
    assert not fault(404, b"").retryable
    assert fault(404, b"").is_4xx
    assert not fault(500, b"").is_4xx
    assert not ApiFault(ApiFaultKind.NETWORK).is_4xx
    own_token = fault(401, envelope(401, {"fault": {"code": 900901}}))
    assert not own_token.retryable


@pytest.mark.parametrize("kind", list(ApiFaultKind))
def test_every_fault_has_its_texts(kind: ApiFaultKind) -> None:
    said = "" if kind is ApiFaultKind.STOPPED else "Un texte."
    found = ApiFault(kind, 400, "CODE-1", "Un texte.", NEXT_HOUR)
    error = found.to_error(SERIES)
    assert error.title
    assert not error.title.endswith(".")
    assert said in error.cause
    assert bool(error.side_text) is (kind is not ApiFaultKind.STOPPED)
    assert error.next_step.endswith((".", "/issues"))
    assert "{" not in str(error)
    assert SERIES.prm not in str(error)
    assert str(found).startswith(f"{kind.name.lower()} HTTP 400 CODE-1: ")


def test_the_class_of_an_error_gives_its_exit_code() -> None:
    classes: dict[ApiFaultKind, type[LinkyError]] = {
        ApiFaultKind.TOKEN: TokenRefused,
        ApiFaultKind.BANNED: Banned,
        ApiFaultKind.SERVICE: ServiceDown,
        ApiFaultKind.QUOTA: ServiceDown,
        ApiFaultKind.NETWORK: ServiceDown,
        ApiFaultKind.TIMEOUT: ServiceDown,
        ApiFaultKind.NOT_SUBSCRIBED: ServiceDown,
    }
    for kind in ApiFaultKind:
        assert type(ApiFault(kind).to_error(SERIES)) is classes.get(kind, ApiError)


def test_a_quota_says_when_in_paris_time() -> None:
    with time_machine.travel(NOW):
        error = fault(429, b"").to_error(SERIES)
    assert isinstance(error, ServiceDown)
    assert error.retry_at == NEXT_HOUR
    assert "19:00 (Paris time)" in error.next_step


def test_the_wrong_direction_is_named() -> None:
    error = fault(400, enedis("ADAM-ERR0069")).to_error(Series(SERIES.prm, Flow.PRODUCTION))
    assert "no production" in error.cause


def test_foreign_texts_are_made_harmless() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
    text = f"PRM {SERIES.prm} \x1b[31m Bearer {token}\n" + "x" * 1000
    found = fault(400, envelope(400, {"error_description": text}))
    for shown in (found.text, str(found), repr(found), str(found.to_error(SERIES))):
        assert SERIES.prm not in shown
        assert token not in shown
        assert "\x1b" not in shown
        assert "\n" not in shown
    assert len(found.text) <= 200


def test_a_web_page_is_quoted_by_its_title() -> None:
    assert fault(403, CLOUDFLARE).text == "Attention Required! | Cloudflare"
    assert fault(502, envelope(502, "<html><body>Bad <b>gateway</b></body></html>")).text == (
        "Bad gateway"
    )


def test_the_innermost_text_is_quoted() -> None:
    assert fault(400, envelope(400, enedis("ADAM-ERR0123", "Trop tôt."))).text == "Trop tôt."
    assert fault(401, BAD_TOKEN).text == BAD_TOKEN["message"]
    assert fault(400, {"error": {"message": " "}, "message": "null"}).text == "null"


def test_of_several_texts_the_most_telling_is_quoted() -> None:
    names = ["error_description", "description", "detail", "message", "title", "error"]
    for number, name in enumerate(names):
        assert fault(400, {each: f"by {each}" for each in reversed(names[number:])}).text == (
            f"by {name}"
        )


@pytest.mark.parametrize(
    ("found", "told", "said"),
    [
        (
            ApiFault(ApiFaultKind.OTHER, 400, "C-1", "Non."),
            "other HTTP 400 C-1: Non.",
            ' ("Non.", HTTP 400, C-1)',
        ),
        (ApiFault(ApiFaultKind.OTHER, 400), "other HTTP 400", " (HTTP 400)"),
        (ApiFault(ApiFaultKind.OTHER, None, "", "Non."), "other: Non.", ' ("Non.")'),
        (ApiFault(ApiFaultKind.OTHER), "other", ""),
    ],
)
def test_what_was_said_is_quoted_with_its_source(found: ApiFault, told: str, said: str) -> None:
    assert str(found) == told
    assert found.to_error(SERIES).cause.endswith(f"known ones.{said}")


@pytest.mark.parametrize(
    "content",
    [
        b'{"error": ' + b"[" * 100_000,
        b"[" * 3000 + b"1" + b"]" * 3000,
        json.dumps({"error": json.dumps({"error": json.dumps({"error": "x"})})}).encode(),
        b'{"error": {"code": true, "fault": null, "nextAccessTime": 5}}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"\xff\xfe\x00",
        b'{"error": "\\ud800"}',
    ],
)
def test_no_body_is_too_odd(content: bytes) -> None:
    for status in (400, 403, 404, 429, 500):
        str(fault(status, content).to_error(SERIES)).encode()


@settings(deadline=None, derandomize=True)
@given(status=st.integers(201, 599), content=st.binary(max_size=100))
def test_any_answer_is_some_fault(status: int, content: bytes) -> None:
    found = classify(status, {"Content-Type": "x"}, content, NOW)
    str(found.to_error(SERIES)).encode()


@pytest.mark.parametrize(
    ("fault", "lasting"),
    [
        (ApiFault(ApiFaultKind.BAD_ANSWER, 200), True),
        (ApiFault(ApiFaultKind.BAD_ANSWER), True),
        (ApiFault(ApiFaultKind.OTHER, 418), True),
        (ApiFault(ApiFaultKind.OTHER, 302), False),
        (ApiFault(ApiFaultKind.SERVICE, 401), False),
        (ApiFault(ApiFaultKind.SERVICE, 500), False),
        (ApiFault(ApiFaultKind.NETWORK), False),
    ],
)
def test_what_the_same_request_would_bring_again(fault: ApiFault, lasting: bool) -> None:
    assert fault.lasting is lasting
