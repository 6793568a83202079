"""What is kept and reported: well formed whatever the texts in it are, and nothing invented."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from linky_tui.domain.laboratory import (
    Contestant,
    Crowding,
    FleetRun,
    Format,
    Layout,
    LoadOrder,
    Question,
    Result,
    Side,
)
from linky_tui.lab.catalogue import BY_KEY
from linky_tui.lab.experiments.estimates import estimates
from linky_tui.lab.kept import FILE_NAME, from_json, keep, load, to_json
from linky_tui.lab.report.figures import per_reading_text
from linky_tui.lab.report.html import html
from linky_tui.lab.report.markdown import markdown
from linky_tui.lab.report.sentences import sentence
from linky_tui.lab.report.shown import shown
from tests.tools.laboratory import CONDITIONS

HOSTILE = '<script>alert(1)</script> | `x` **b** & "q" [a](javascript:1)'
VOID = {"meta", "rect", "circle", "path", "polyline"}


def result(key: str, **parts: object) -> Result:
    return Result(key, "2026-11-27T22:00:00Z", 3.0, CONDITIONS, **parts)  # type: ignore[arg-type]


def hostile() -> list[Result]:
    side = Side(HOSTILE, Layout.TIME_SERIES, 2000, 2000, "zstd", (HOSTILE,), 2, 4000, 8192, 4096)
    runner = Contestant(Layout.REGULAR, 2.0, 1.0, 3.0, HOSTILE, 5)
    return [
        result("order", sides=(side, Side("none", Layout.REGULAR, 0, 0, refused=HOSTILE))),
        result("race", questions=(Question(HOSTILE, 20, 1, False, (runner,)),)),
        result("cardinality", crowding=(Crowding(1, 100, 3, side), Crowding(2, 50, 3, side))),
        result("formats", sides=(side,), formats=(Format(HOSTILE, 1.0, source=HOSTILE),)),
        result("fleet"),
    ]


class Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_report_is_well_formed_whatever_is_in_it() -> None:
    parts = [shown(each) for each in hostile()]
    page = Balanced()
    page.feed(text := html(parts))
    assert page.open == []
    assert {"svg", "table"} <= page.seen
    assert not page.seen & {"script", "img", "link", "iframe", "a"}
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_markdown_takes_nothing_for_markup() -> None:
    fenced, columns = False, 0
    for line in (text := markdown([shown(each) for each in hostile()])).splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            assert "`" not in line
        else:
            assert not re.search(r"(?<!\\)[<`]", line), line
            assert r"\*\*b\*\*" in line or "b**" not in line
        pipes = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") and not fenced else 0
        assert pipes in (0, columns) or not columns, line
        columns = pipes
    assert not fenced
    assert "alert" in text


@pytest.mark.parametrize("key", list(BY_KEY))
def test_a_result_without_figures_claims_nothing(key: str) -> None:
    text = sentence(result(key))
    assert text.endswith(".")
    assert not any(each.isdigit() for each in text)
    assert shown(result(key)).conditions


@pytest.mark.parametrize(
    ("readings", "files", "expected"),
    [(2000, 0, "3.1 B"), (2000, 2, "3.1 ± 4.1 B"), (690_000, 2, "3.1 B"), (2_000_000, 2, "3.14 B")],
)
def test_no_more_digits_than_a_figure_has(readings: int, files: int, expected: str) -> None:
    side = Side("a", Layout.REGULAR, readings, readings)
    assert per_reading_text(side, round(3.1416 * readings), files) == expected
    assert per_reading_text(side, None, files) == "–"


def test_a_race_is_told_as_it_is() -> None:
    def question(text: str, regular: float, timeseries: float, headers: bool = False) -> Question:
        runners = tuple(
            Contestant(layout, ms, ms, ms, "IXSCAN", 1, headers and layout is Layout.TIME_SERIES)
            for layout, ms in ((Layout.REGULAR, regular), (Layout.TIME_SERIES, timeseries))
        )
        return Question(text, 20, 1, text != "odd", runners)

    asked = (
        question("won", 3.0, 2.0),
        question("lost", 1.0, 70.0),
        question("odd", 59.0, 1.0, headers=True),
    )
    assert sentence(result("race", questions=asked)) == (
        "With a warm cache time series answers 1 of 2 questions faster than regular documents and "
        "loses at lost (0.014 times as fast); from the headers of its buckets alone it answers odd "
        "(59 times as fast); the answers to odd were not the same."
    )


def test_results_are_kept_and_replaced(tmp_path: Path) -> None:
    for each in hostile():
        assert from_json(json.loads(json.dumps(to_json(each)))) == each
    folder = tmp_path / "state"
    assert load(folder) == {}
    keep(folder, hostile())
    newer = result("order", entropy_bits=9.0)
    kept = keep(folder, [newer])
    assert load(folder) == kept
    assert len(kept) == len(hostile())
    assert kept["order"] == newer
    assert list(kept) == [key for key in BY_KEY if key in kept]
    assert (folder / FILE_NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"results": 3}', '{"results": [3, {"experiment": "order"}]}', "[" * 20000],
)
def test_a_damaged_file_is_no_results(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert load(tmp_path) == {}
    assert keep(tmp_path, [result("race")]) == load(tmp_path) != {}


def test_a_place_is_told_in_sizes_that_one_reads() -> None:
    def side(layout: Layout, meter_bytes: int) -> Side:
        stored = 1000 * meter_bytes
        return Side("", layout, 34_000_000, 0, "", (), 37_000, 1, stored, 0)

    run = FleetRun(
        1000,
        0,
        LoadOrder.BY_DAY,
        side(Layout.REGULAR, 1_571_200),
        side(Layout.TIME_SERIES, 69_464),
        2,
        1000,
        991_000,
    )
    found = shown(result("fleet", fleets=(run,), estimates=estimates([run], None)))
    assert "1.57 MB a meter as regular documents and 69.5 kB as time series" in found.sentence
    village, _, country = found.tables[1:]
    assert village.title == "A village, 1,000 meters"
    values = {row[0]: row[1:3] for row in village.rows}
    assert values["time series, storage and indexes"] == ("69.5 MB", "measured")
    assert values["memory of open buckets"] == ("991 kB", "extrapolated")
    assert values["regular, disks"] == ("1 disk", "extrapolated")
    assert ("time series, shards", "22 shards") in [row[:2] for row in country.rows]
    assert any("152 kB of storage" in note for note in found.notes)
