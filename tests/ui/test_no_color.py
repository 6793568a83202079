"""``NO_COLOR``: whatever a colour tells is told by a sign, a shape or a style, too."""

from __future__ import annotations

from functools import partial

import pytest
from textual.widget import Widget

from linky_tui.ui.app import LinkyApp
from linky_tui.ui.backfill.calendar import CoverageCalendar
from linky_tui.ui.backfill.calendar_marks import Mark
from linky_tui.ui.charts.page import ChartsPage
from linky_tui.ui.comparison.size_bars import SizeBars
from linky_tui.ui.plots import BarPlot, Chart, HeatPlot
from linky_tui.ui.plots.canvas import Grid
from linky_tui.ui.plots.heat import SYMBOLS
from linky_tui.ui.shell.header import PageTabs
from tests.tools.app import screen_text, wait_until
from tests.ui.conftest import Running


@pytest.fixture(autouse=True)
def _no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


def bold(widget: Widget) -> str:
    """What stands out in a widget."""
    strips = widget.render_lines(widget.outer_size.region)
    return "".join(text for strip in strips for text, style, _ in strip if style and style.bold)


def drawn(chart: Chart) -> Grid | None:
    """The picture of the plot that it has now."""
    known = chart._drawn
    return None if known is None or known[0][0] is not chart.plot else known[1]


@pytest.mark.parametrize("marker", ["half-block", "braille", "dot"])
async def test_charts_tell_by_signs_all_that_their_legends_name(
    running: Running, marker: str
) -> None:
    async with running(more=f'[display]\nmarker = "{marker}"') as (app, pilot):
        await pilot.press("c")
        await wait_until(pilot, lambda: isinstance(app.screen, ChartsPage) and drawn(chart_of(app)))
        page, chart = app.screen, chart_of(app)
        assert isinstance(page, ChartsPage)
        next_view = partial(page.action_view, 1)
        for title, go, entries in (
            ("Load curve, Sat", page.action_compare, 2),
            ("Load curve, November", partial(page.action_span, "MONTH"), 2),
            ("Energy", next_view, 2),
            ("Heat map", next_view, 2),
            ("Average day", next_view, 2),
            ("Years", next_view, 4),
        ):
            go()
            await wait_until(
                pilot,
                lambda title=title, entries=entries: (  # type: ignore[misc]
                    title in str(chart.border_title)
                    and (grid := drawn(chart))
                    and len(grid.heading.legend) >= entries
                ),
            )
            grid = drawn(chart)
            assert grid is not None
            picture = "".join(grid.plain()[1:-2])
            if isinstance(chart.plot, HeatPlot):
                assert set(SYMBOLS) <= set(picture)
                continue
            signs = [entry[0][0].strip()[0] for entry in grid.heading.legend]
            signs += "█" * isinstance(chart.plot, BarPlot)
            assert len(set(signs)) == len(signs), (title, signs)
            assert [sign for sign in signs if sign not in picture] == [], (title, signs)


def chart_of(app: LinkyApp) -> Chart:
    return app.screen.query(Chart).first()


def corner(widget: Widget) -> str:
    return widget.render_lines(widget.outer_size.region)[0].text[0]


async def test_pages_tell_their_states_by_signs_and_styles(running: Running) -> None:
    async with running((120, 40), more='[display]\nmarker = "half-block"') as (app, pilot):
        await wait_until(pilot, lambda: "indexes" in screen_text(app))
        colours = {
            color.get_truecolor()
            for strip in app.screen._compositor.render_strips()
            for _, style, _ in strip
            if style
            for color in (style.color, style.bgcolor)
            if color
        }
        assert len(colours) > 5
        assert {colour for colour in colours if len(set(colour)) > 1} == set()

        *_, storage, _, indexes, _ = app.screen.query(SizeBars).first().render().plain.split()
        picture = screen_text(app)
        assert storage != indexes
        assert min(picture.count(sign) for sign in (storage, indexes)) > 3
        assert bold(app.screen.query_one(PageTabs)).strip() == "Dashboard"

        chart = chart_of(app)
        for focused, border in ((None, "╭"), (chart, "┏")):
            app.screen.set_focus(focused)
            await wait_until(pilot, lambda border=border: corner(chart) == border)  # type: ignore[misc]

        await pilot.press("b")
        await wait_until(pilot, lambda: "certified 726" in screen_text(app))
        calendar = app.screen.query_one(CoverageCalendar)
        assert len({mark.symbol for mark in Mark}) == len(Mark)
        for focused_calendar in (calendar, None):
            app.screen.set_focus(focused_calendar)
            await pilot.pause()
            assert bold(calendar).count(Mark.CERTIFIED.symbol) == 1, "the cursor's day"
