"""Texts for people: harmless foreign texts, numbers as the screens draw them."""

from __future__ import annotations

import time
import unicodedata
from datetime import UTC, date, datetime

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from linky_tui.domain.paris import PARIS
from linky_tui.text import formatting as f

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOlsiMTIzNDU2Nzg5MDEyMzQiXX0.c2lnbmF0dXJlLXNlY3JldA"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  two\r\n\tlines\u2028here ", "two lines here"),
        ("\x1b[31;1mred\x1b[0m text", "red text"),
        ("\x1b]0;window title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link", "link"),
        ("\x9b31mred", "red"),
        ("lonely \x1b", "lonely"),
        ("a\x00b\x07c\x7f", "abc"),
        ("user\u202etxt.exe\u202c\u2066x\u2069", "usertxt.exex"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("été à 12 €", "été à 12 €"),
    ],
)
def test_plain_strips_what_a_terminal_would_obey(raw: str, expected: str) -> None:
    assert f.plain(raw) == expected


@pytest.mark.parametrize(
    ("raw", "secret"),
    [
        ("mongodb://ann:s3cret@h1,h2:27017/x failed", "s3cret"),
        ("mongodb+srv://ann:s3cr@et@cluster.example/db", "s3cr"),
        ("'https://s3cret@host/path'", "s3cret"),
        ("mongodb://ann:two s3cret@host", "s3cret"),
        ("cut off: mongodb://ann:s3cret", "s3cret"),
        ("mongodb://ann:12345s3cret", "s3cret"),
        ("http://proxy:s3c:ret@10.0.0.1:3128", "s3c"),
        (f"got {JWT} back", "c2lnbmF0dXJl"),
        (f"got {JWT[:40]}", JWT[12:40]),
        (f"Authorization: Bearer {JWT}", JWT[5:20]),
        ("authorization: bearer s3cret-opaque", "s3cret"),
        ("{'Authorization': 'Basic czNjcmV0OnB3'}", "czNjcmV0"),
        ("bearer  s3cret", "s3cret"),
        ("/api?token=s3cret&prm=1", "s3cret"),
        ("tlsCertificateKeyFilePassword=s3cret", "s3cret"),
        ("e\x00yJhbGciOiJIUzI1NiJ9.s3cretpayload.sig", "s3cret"),
        (" " * 70_000 + "mongodb://ann:s3cret@h", "s3cret"),
        ("meter 12345678901234 is unknown", "345678901"),
    ],
)
def test_plain_leaves_no_credential(raw: str, secret: str) -> None:
    assert secret not in f.plain(raw)


def test_plain_keeps_what_is_no_credential() -> None:
    text = "http://127.0.0.1:8080/api and mongodb://h1:27017,h2:27018/x?tls=true, [::1]:27017"
    assert f.plain(text) == text
    assert f.plain("mongodb://ann:pw@h1:27017/db is down") == "mongodb://…@h1:27017/db is down"
    assert f.plain(f"x {JWT} y") == "x …token… y"
    assert f.plain("Bearer abc, then") == "Bearer …, then"
    assert f.plain("meter 12345678901234") == "meter 12········1234"


def test_plain_shortens_with_an_ellipsis() -> None:
    assert f.plain("abcdef", limit=6) == "abcdef"
    assert f.plain("abcdefg", limit=6) == "abcde…"
    assert len(f.plain("word " * 1000)) <= 200


def test_a_token_longer_than_the_limit_is_still_recognised() -> None:
    long_token = "eyJ" + "A" * 3000 + "." + "B" * 3000 + ".CCC"
    assert "A" * 10 not in f.plain(f"{long_token} end")
    assert "B" * 10 not in f.plain(f"{long_token} end")


@pytest.mark.parametrize("piece", ["://", "a", "eyJ", "://a:", "bearer ", "\x1b[", "\x1b]", "1"])
def test_plain_takes_no_time_on_hostile_texts(piece: str) -> None:
    started = time.process_time()
    f.plain(piece * 200_000)
    assert time.process_time() - started < 10


@given(st.text(max_size=300), st.integers(min_value=1, max_value=250))
def test_plain_is_always_one_visible_line_within_the_limit(text: str, limit: int) -> None:
    result = f.plain(text, limit)
    assert len(result) <= limit
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in result)
    result.encode()


def test_a_masked_prm_keeps_its_width_and_its_ends() -> None:
    assert f.mask_prm("12345678902823") == "12········2823"
    assert f.mask_prm("") == ""
    assert f.mask_prm("1234567") == "·······"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (999.6, "1.00 kB"),
        (4_560_000, "4.56 MB"),
        (840_000, "840 kB"),
        (87_400, "87.4 kB"),
        (78_000, "78.0 kB"),
        (9_996, "10.0 kB"),
        (99_960, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (1_610_000_000, "1.61 GB"),
        (5_000_000_000_000_000, "5,000 TB"),
        (-87_400, "-87.4 kB"),
    ],
)
def test_sizes_have_decimal_units_and_three_digits(count: float, text: str) -> None:
    assert f.bytes_text(count) == text


def test_bytes_per_reading_has_one_decimal() -> None:
    assert f.bytes_per_reading_text(130) == "130.0 B"
    assert f.bytes_per_reading_text(2.49) == "2.5 B"
    assert f.bytes_per_reading_text(None) == "–"


@pytest.mark.parametrize(
    ("wh", "text"),
    [
        (0, "0 kWh"),
        (182, "0.18 kWh"),
        (4_560, "4.56 kWh"),
        (9_996, "10.0 kWh"),
        (18_432, "18.4 kWh"),
        (120_900, "121 kWh"),
        (1_204_400, "1,204 kWh"),
        (-18_432, "-18.4 kWh"),
    ],
)
def test_energy_is_in_kwh(wh: int, text: str) -> None:
    assert f.kwh_text(wh) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.981, "98.1 %"),
        (0, "0.0 %"),
        (-0.0001, "0.0 %"),
        (1, "100.0 %"),
        (0.99999, "99.9 %"),
        (-0.25, "-25.0 %"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_percentages_never_round_up_to_the_whole(fraction: float | None, text: str) -> None:
    assert f.percent_text(fraction) == text


def test_counts_and_watts_have_thousands_separators() -> None:
    assert f.count_text(35_040) == "35,040"
    assert f.watts_text(9_000.4) == "9,000 W"


def test_days_are_english_whatever_the_locale() -> None:
    assert f.day_text(date(2026, 11, 21)) == "Sat 21 Nov 2026"
    assert f.day_text(date(2024, 2, 1)) == "Thu 1 Feb 2024"
    assert f.short_day_text(date(2026, 8, 9)) == "9 Aug"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (0.4, "0.4 s"),
        (9.97, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3599.7, "1 h"),
        (3_900, "1 h 05 min"),
        (86_400 * 2 + 3 * 3600, "2 d 3 h"),
        (float("inf"), "–"),
    ],
)
def test_durations_have_their_two_largest_units(seconds: float, text: str) -> None:
    assert f.duration_text(seconds) == text


def test_instants_are_utc_for_machines_and_paris_for_people() -> None:
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    assert f.utc_text(midnight) == "2026-11-22T00:00:00Z"
    assert f.utc_text(midnight.astimezone(PARIS)) == "2026-11-22T00:00:00Z"
    assert f.local_time_text(midnight) == "01:00"
    assert f.local_time_text(datetime(2026, 7, 1, tzinfo=UTC)) == "02:00"
    with pytest.raises(ValueError, match="time zone"):
        f.utc_text(datetime(2026, 11, 22))


def test_what_is_due_on_another_day_names_it() -> None:
    with time_machine.travel(datetime(2026, 11, 22, 22, tzinfo=UTC)):
        assert f.due_text(datetime(2026, 11, 22, 22, 30, tzinfo=UTC)) == "23:30 (Paris time)"
        tomorrow = f.due_text(datetime(2026, 11, 22, 23, 3, tzinfo=UTC))
    assert tomorrow == "00:03 on Mon 23 Nov 2026 (Paris time)"
