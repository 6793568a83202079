"""What hostile answers are made of: values, labels, steps and texts that trip careless readers."""

from __future__ import annotations

from tests.torture.hostile.raw_json import Raw

CONTROL = (
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]52;c;AAAA\x07", "\x1b[2J\x1b[H", "\x1bc",
    "\x9b31mred", "\x9d0;title\x9c", "\x90q\x9c", "\x00", "a\x00b", "\x07\x08\x7f", "\x85", "a\rb",
    "a\nb", "a\tb", "\x0e\x0f", "\x1b", "\x1b[", "\x1b]", "\x80\x9f",
)  # fmt: skip
"""Texts that a terminal would obey."""
MARKUP = (
    "[bold red]x[/]", "[/]", "[/bold]", "[@click=app.quit]x[/]", "[@click=app.quit()]x[/]",
    "[link=https://example.org]x[/link]", "[", "]", "[[", "\\[", "[on red]", "[$error]x[/]",
    "[not a tag", "[=]", "[b][i]x[/b][/i]", ":boom:", "[reverse]", "{prm}", "{0}", "%s", "%(x)s",
)  # fmt: skip
"""Texts that a toolkit would interpret."""
UNICODE = (
    "\u202etxt.exe", "\u2066x\u2069", "\u200f", "\u200b", "\u2028", "\u2029", "\ufeff", "\u00ad",
    "\u2060", "a" + "\u0301" * 300, "\U000e0041", "\U0001f468\u200d\U0001f469", "\ud800", "\udfff",
    "\udc9b31m", "\uffff", "\ue000", "\u3164", "\u115f", "\u2800", "x" * 20_000, "日本" * 50,
)  # fmt: skip
"""Texts that show something else than they are, or nothing, or too much."""
TEXTS = CONTROL + MARKUP + UNICODE

MANY_DIGITS = "9" * 5000
"""More digits than Python turns into an integer (sys.int_info.str_digits_check_threshold)."""

VALUES: tuple[object, ...] = (
    None, "", 0, "0", 1, "1", "007", "000000000012", "0000000000012", 999_998, "1000000", 1_000_000,
    1_000_001, "1000001", 25_000_000, 25_000_001, 2**31 - 1, 2**31, 2**32 + 100, 2**53 + 1, 2**63,
    2**64, -1, "-1", "-0", Raw("-0"), "+5", 3.0, "3.0", "3,0", 3.5, "1e3", Raw("1e3"), Raw("1E2"),
    Raw("1e308"), Raw("1e-400"), Raw("-1e400"), Raw("1e400"), Raw("NaN"), Raw("Infinity"),
    Raw("-Infinity"), "NaN", "Infinity", "inf", "0x10", "0b1", "0o7", "1_000", "1 000", " 12",
    "12 ", "12\n", "1\u00a0000", "１２", "٣٤", "۳۴", "²", "1²", "①", "Ⅻ", "৪", "𝟏𝟐", "½", "１e３",
    True, False, "true", "null", "None", [], {}, [12], {"v": "12"}, "12\x00", Raw(MANY_DIGITS),
    MANY_DIGITS, Raw("1" + "0" * 4200), Raw("007"), Raw("+5"), Raw(".5"), Raw("5."), Raw("0x10"),
    Raw("1_000"), Raw("undefined"), Raw("'12'"), Raw("12,,"), Raw("1 2"),
)  # fmt: skip
"""Measures: some of them are fine, and mean what they say."""

STEPS: tuple[object, ...] = (
    "PT30M", "PT10M", "PT15M", "PT60M", "PT5M", "PT1M", "PT1H", "PT05M", "PT20M", "PT0M", "PT7M",
    "PT45M", "PT90M", "PT120M", "PT2H", "P1D", "P1M", "PT1000000M", "PT-30M", "PT30S", "PT1800S",
    "PT0.5H", "PT30M ", "pt30m", "PT３０M", "PT٣٠M", "30", 30, 30.0, None, "", [], {}, True, "P",
    "PT", "PT" + "9" * 5000 + "M", "PT30M\x00", "P0DT30M", "PT0H30M",
)  # fmt: skip

_DAYS = ("2026-10-25", "2026-03-29", "2026-11-16", "2025-02-29", "2024-02-29", "2026-13-01",
         "2026-00-10", "2026-04-31", "0000-01-01", "0001-01-01", "9999-12-31", "2099-12-31",
         "1999-12-31", "2100-01-01", "20261116", "2026-W47-1", "2026-320", "16/11/2026",
         "２０２６-11-16", "٢٠٢٦-11-16", "2026-1-1", "+2026-11-16", "-2026-11-16")  # fmt: skip
_TIMES = ("00:00:00", "00:30:00", "01:00:00", "02:00:00", "02:30:00", "03:00:00", "23:30:00",
          "24:00:00", "24:30:00", "23:59:60", "00:30:60", "00:30:15", "00:30", "00", "0:30:00",
          "12:60:00", "25:00:00", "00:30:00.000", "00:30:00.5", "00:30:00,5", "003000")  # fmt: skip
_OFFSETS = ("", "", "", "", "Z", "+00:00", "+01:00", "+02:00", "+0100", "+0200", "+01", "-05:00",
            "+14:00", "+99:99", "+01:00:30", "z", " UTC", "[Europe/Paris]", "−01:00")  # fmt: skip
LABELS: tuple[object, ...] = (
    None, "", " ", 0, 1_792_886_400, 1.5e9, True, [], {}, "now", "2026-11-16", "T00:30:00",
    "2026-11-16 00:30:00 ", " 2026-11-16 00:30:00", "2026-11-16  00:30:00", "2026-11-16_00:30:00",
    "2026-11-16\u00a000:30:00", "2026-11-16\x0000:30:00", "2026-11-16t00:30:00",
)  # fmt: skip


def labels() -> tuple[object, ...]:
    """Dates and times of day in every combination, possible or not, and what is neither."""
    made = [
        f"{day}{between}{time}{offset}"
        for number, day in enumerate(_DAYS)
        for between in (" ", "T")
        for place, time in enumerate(_TIMES)
        for offset in _OFFSETS[(number + place) % 3 :: 3]
    ]
    return (*LABELS, *made)


PRMS: tuple[object, ...] = (
    None, "", "12345678901235", 12345678901234, 12345678901235, "1234567890123", "123456789012345",
    " 12345678901234", "12345678901234 ", "12345678901234\x00", "１２３４５６７８９０１２３４",
    ["12345678901234"], {"prm": "12345678901234"}, True, 12345678901234.0,
    Raw("1.2345678901234e13"), Raw("NaN"),
)  # fmt: skip
UNITS: tuple[object, ...] = (
    None, "W", "Wh", "VA", "kW", "w", "W ", "Ｗ", "", 0, [], {}, True, ["W"], [[[["W"]]]],
)  # fmt: skip
WORDS: tuple[object, ...] = (
    "CONS", "PROD", "PA", "EA", "PMA", "cons", "CONS ", "", None, [], {}, 0, "P1D", "P1M", "PT30M",
)  # fmt: skip
KEYS = (
    "v", "d", "p", "value", "date", "interval_length", "idPrm", "usage_point_id", "grandeur",
    "interval_reading", "meter_reading", "points", "unite", "pas", "reading_type", "unit", "error",
    "message", "V", "v ", "v\x00", "__proto__", "", "x" * 300,
)  # fmt: skip
