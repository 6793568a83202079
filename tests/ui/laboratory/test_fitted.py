"""A table fits every width, and nothing of it is cut."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from linky_tui.ui.laboratory.fitted import FittedTable
from tests.tools.app import screen_text

HEAD = ("measured", "regular, a meter", "time series, readings a second", "formula")
ROWS = (
    ("10 homes, home by home", "1.56 MB", "404,874", "1,000 × 13.4 kB a meter and day"),
    ("1,000 homes, a day of all homes at a time", "24.2 ± 0.1 B", "251,781", ""),
)
WORDS = " ".join([*HEAD[1:], *(cell for row in ROWS for cell in row)]).split()


class _Table(App[None]):
    def compose(self) -> ComposeResult:
        yield FittedTable(HEAD, ROWS)


async def lines(columns: int) -> list[str]:
    app = _Table()
    async with app.run_test(size=(columns, 60)):
        return screen_text(app).splitlines()


@pytest.mark.parametrize("columns", [20, 44, 52, 80, 140])
async def test_no_word_is_cut(columns: int) -> None:
    found = await lines(columns)
    shown = " ".join(found).split()
    assert [word for word in WORDS if shown.count(word) < WORDS.count(word)] == []
    assert max(map(len, found)) <= columns


async def test_figures_stand_to_the_right_and_in_one_line() -> None:
    found = await lines(80)
    small, large = (
        next(line for line in found if figure in line) for figure in ("1.56 MB", "24.2 ± 0.1 B")
    )
    assert small.index("1.56 MB") + len("1.56 MB") == large.index("24.2 ± 0.1 B") + 12
