"""What a token says of itself, read locally and never repeated."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linky_tui.enedis.token import TokenInfo, is_sendable, read_token
from linky_tui.errors import ConfigError
from tests.tools.tokens import KEY, token

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
PRM, OTHER = "12345678902823", "98765432101234"


@pytest.mark.parametrize(
    ("subject", "prms"),
    [
        ([PRM, OTHER], (PRM, OTHER)),
        ([PRM, PRM], (PRM,)),
        (PRM, (PRM,)),
        (f"{PRM},{OTHER}", (PRM, OTHER)),
        (f" {PRM} ; {OTHER} ", (PRM, OTHER)),
        ([int(PRM), 7], (PRM, "00000000000007")),
        ([PRM[:-1], PRM + "1", None, True, -1, 1.5, [], "１２３４５６７８９０１２３４"], ()),
        ([], ()),
        (None, ()),
        ({"prm": PRM}, ()),
        (5, ()),
    ],
)
def test_meters(subject: object, prms: tuple[str, ...]) -> None:
    assert read_token(jwt_of({"sub": subject})).prms == prms


def jwt_of(claims: dict[str, Any]) -> str:
    """A token with any claims: the library refuses to write some of these."""
    return jwt.PyJWS().encode(json.dumps(claims).encode(), KEY, algorithm="HS256")


@pytest.mark.parametrize(
    ("exp", "expires"),
    [
        (int(NOW.timestamp()), NOW),
        (NOW.timestamp() + 0.0, NOW),
        (None, None),
        (True, None),
        ("soon", None),
        (10**30, None),
        (10**400, None),
        (float("inf"), None),
        (float("nan"), None),
        ([], None),
    ],
)
def test_expiry(exp: object, expires: datetime | None) -> None:
    assert read_token(jwt_of({"sub": [PRM], "exp": exp})).expires == expires
    assert read_token(jwt_of({"sub": [PRM]})).expires is None


def test_neither_signature_nor_time_is_verified() -> None:
    """The key is the gateway's; an expired token still has to tell what it was for."""
    claims = {"sub": [PRM], "exp": 1, "nbf": 10**10, "iat": 10**10, "aud": "x", "iss": 5, "jti": 5}
    info = read_token(jwt_of(claims)[:-6] + "AAAAAA")
    assert info.prms == (PRM,)
    assert info.expires == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "secret-token",
        "a.b.c",
        "eyJhbGciOiJIUzI1NiJ9.W10.c2ln",
        "é" * 20,
        "a." * 5000,
        token(sub=PRM) + "\n",
        "Bearer " + token(sub=PRM),
        token(sub=PRM).rsplit(".", 1)[0],
    ],
)
def test_what_is_no_token_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_token(text)
    shown = f"{caught.value} {caught.value!r} {caught.value.__context__!r}"
    assert len(text) < 8 or text.strip() not in shown


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=60) | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,20}"))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        read_token(text)


def test_problems_are_sentences_without_meter_numbers() -> None:
    expired = TokenInfo((OTHER,), datetime(2026, 11, 21, 23, 30, tzinfo=UTC))
    problems = expired.problems(PRM, NOW)
    assert len(problems) == 2
    assert "does not cover meter 12········2823, only 98········1234." in problems[0]
    assert problems[1] == "The token expired on Sun 22 Nov 2026."
    assert TokenInfo((), None).problems(PRM, NOW) == ("The token names no meter.",)
    assert TokenInfo((OTHER, PRM), None).problems(PRM, NOW) == ()
    assert TokenInfo((PRM,), NOW).problems(PRM, NOW) != ()
    assert TokenInfo((PRM,), NOW + timedelta(seconds=1)).problems(PRM, NOW) == ()


def test_a_warning_comes_thirty_days_before_the_end() -> None:
    def warned(days: float) -> bool:
        return bool(TokenInfo((PRM,), NOW + timedelta(days=days)).warnings(NOW))

    assert [warned(days) for days in (-1, 0, 0.1, 29.9, 30, 400)] == [
        False, False, True, True, False, False,
    ]  # fmt: skip
    assert TokenInfo((PRM,), None).warnings(NOW) == ()
    assert "Tue 1 Dec 2026" in TokenInfo((PRM,), datetime(2026, 12, 1, tzinfo=UTC)).warnings(NOW)[0]


def test_a_token_from_the_future_tells_of_a_wrong_clock() -> None:
    later = int((NOW + timedelta(days=9)).timestamp())
    info = read_token(jwt_of({"sub": [PRM], "iat": later}))
    (warning,) = info.warnings(NOW)
    assert "issued on Tue 1 Dec 2026, but this computer has Sun 22 Nov 2026" in warning
    assert "set its clock" in warning
    assert info.problems(PRM, NOW) == ()
    assert info.warnings(NOW + timedelta(days=9)) == ()
    odd_ones: tuple[object, ...] = (None, "soon", True, [], float("inf"), 10**400)
    for odd in odd_ones:
        assert read_token(jwt_of({"sub": [PRM], "iat": odd})).warnings(NOW) == ()


@pytest.mark.parametrize("text", ["", "a b", "a\r\nX: y", "a\n", "é", "a\x00", "a" * 8193, "a;b"])
def test_what_no_header_can_hold(text: str) -> None:
    assert not is_sendable(text)
    assert is_sendable(token(sub=[PRM]))
