"""The dashboard: six figures, the last days, the last day, both collections compared."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.events import Resize

from linky_tui.text.formatting import NOTHING
from linky_tui.ui.comparison.panel import ComparisonPanel
from linky_tui.ui.dashboard.card import FigureCard
from linky_tui.ui.dashboard.figure import (
    BAR_DAYS,
    BASE_NIGHTS,
    RECENT_DAYS,
    USUAL_WEEKS,
    Figure,
)
from linky_tui.ui.plots import Chart
from linky_tui.ui.shell.bindings import PRESENT_KEY, bind
from linky_tui.ui.shell.page import POINT_KEYS, Page, no_meter_text, nothing_text

if TYPE_CHECKING:
    from linky_tui.ingest.events import Event
    from linky_tui.storage.store import Store
    from linky_tui.ui.dashboard.data import DashboardData
    from linky_tui.words.copied import Copyable


_CARDS = (
    (
        "Yesterday",
        f"Energy of yesterday, compared with the median of the last {USUAL_WEEKS} weeks: working "
        "days with working days, weekends with weekends.",
        "charts",
    ),
    (
        "Last 7 days",
        "Energy of the 7 days up to yesterday, compared with the 7 days before. Days that are "
        "missing on one side are left out on both.",
        "charts",
    ),
    (
        "This month",
        "Energy of this month up to yesterday, compared with the same days a year ago. Days that "
        "are missing in one year are left out in both.",
        "charts",
    ),
    (
        "Base load",
        f"What is always on: for nine tenths of the time between 01:00 and 05:00 of the last "
        f"{BASE_NIGHTS} nights, the power was higher.",
        "charts",
    ),
    (
        "Coverage",
        "Days of the last 24 months whose readings cover every minute. Certified: they also add "
        "up to the total that Enedis reports for the day, to the Wh.",
        "backfill",
    ),
    (
        "Requests today",
        "Requests to the gateway that today's budget still allows, and when it resets, so that all "
        "are there again, in Paris time.",
        "settings",
    ),
)
_NARROW_CELLS = 100
_PAIR_CELLS = 80
"""From here on the table has a small picture beside it."""
_ONE_ROW_CELLS = 114
_ROOMY_LINES = 50
_RELOAD_S = 2.0


class DashboardPage(Page):
    """Home."""

    PLACE = "Dashboard"
    HELP = """
## Dashboard

- **Six figures**, each compared with what is usual. A dash says why there is none. Rest the mouse
  on one to read how it is computed, click it for more.
- **Daily energy** of the last 60 days: weekends in another colour, without colours thinner or in a
  pattern, over a double axis, ticks on Mondays, a line at the median. A dot is a day that is
  missing, never a zero. Click a bar to open its day in Charts.
- **Load curve** of the last day that has readings.
- **The same data, stored twice**: your readings in a regular MongoDB collection and in a time
  series collection. Sizes are measured every 2 seconds while something is being written (● live),
  and rarely otherwise.

In a window of 80 to 99 columns the bars are those of the last two weeks. **Present** shows the
comparison in large figures, **Copy** takes the table or the data of a chart to the clipboard.

Read values with the mouse, or with the keys for reading; Tab chooses the chart.
"""
    WORDS = (
        "load curve",
        "base load",
        "certified",
        "partial",
        "identical",
        "settling",
        "bucket",
        "granularity",
        "request",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *POINT_KEYS,
        bind("open-day", "open_day"),
        PRESENT_KEY,
    ]
    DEFAULT_CSS = """
    DashboardPage {
        #cards { layout: grid; grid-size: 3 2; height: 8; }
        &.-one-row #cards { grid-size: 6 1; height: 4; }
        #panels {
            layout: grid;
            grid-size: 2 2;
            grid-rows: 1fr 1fr;
            height: 1fr;
            min-height: 26;
        }
        #bars { column-span: 2; }
        #table { padding: 0 1; }
        #table ComparisonTable { margin-top: 1; }
        &.-low #body, &.-flat #body { scrollbar-gutter: stable; }
        &.-low #table ComparisonTable, &.-flat #table ComparisonTable { margin-top: 0; }
        &.-tiny #cards { grid-size: 2 3; height: 12; }
        &.-narrow #panels, &.-tiny #panels {
            grid-size: 1 3;
            grid-rows: 12;
            height: 36;
            min-height: 36;
        }
        &.-narrow #bars, &.-tiny #bars { column-span: 1; }
        &.-pair #panels {
            grid-size: 2 2;
            grid-columns: 55 1fr;
            grid-rows: 13 12;
            height: 25;
            min-height: 25;
        }
        &.-pair #body { scrollbar-size-vertical: 1; }
        &.-pair #curve { column-span: 2; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._cards = [
            FigureCard(title, explanation, page, id=f"card-{number}")
            for number, (title, explanation, page) in enumerate(_CARDS)
        ]
        self.comparison = ComparisonPanel(bars=True)
        self._data: DashboardData | None = None
        self._loaded_s = float("-inf")
        self._stale = False

    def compose_body(self) -> ComposeResult:
        width, marker = self.app.size.width, self.app.config.display.marker
        self.set_class(width >= _ONE_ROW_CELLS, "-one-row", update=False)
        self.set_class(_PAIR_CELLS <= width < _NARROW_CELLS, "-pair", update=False)
        with VerticalScroll(id="body"):
            with Container(id="cards"):
                yield from self._cards
            with Container(id="panels"):
                if width < _NARROW_CELLS:
                    yield self.comparison
                yield Chart("", marker=marker, id="bars", classes="panel")
                yield Chart("", marker=marker, id="curve", classes="panel")
                if width >= _NARROW_CELLS:
                    yield self.comparison

    def on_mount(self) -> None:
        self.query_one("#curve").border_title = "Load curve (W)"
        self._show_bars()
        self.app.ingest.events.subscribe(self, self._engine_said)
        self.set_interval(_RELOAD_S / 2, self._reload_stale)
        # The home of the demo is not open yet, and a token has not been read yet.
        if not (self.app.series or self.app.demo or self.app.config.prm_from_token):
            self._show_no_meter()

    def on_resize(self, event: Resize) -> None:
        table, bars = self.comparison, self.query_one("#bars")
        panels = self.query_one("#panels")
        stacked = event.size.width < _NARROW_CELLS
        pair = _PAIR_CELLS <= event.size.width < _NARROW_CELLS
        self.set_class(pair, "-pair")
        self._show_bars()
        self.set_class(event.size.width >= _ONE_ROW_CELLS, "-one-row")
        roomy = event.size.height >= _ROOMY_LINES and not stacked
        table.table.detailed = roomy
        first = panels.children[0] is table
        if stacked and not first:
            panels.move_child(table, before=bars)
        elif first and not stacked:
            panels.move_child(table, after=self.query_one("#curve"))

    def refresh_data(self) -> None:
        self.comparison.soon()
        self._load()

    def _load(self) -> None:
        series = self.app.series
        self._loaded_s, self._stale = time.monotonic(), False
        if series is None:
            self._show_no_meter()
            return
        backend = self.app.backend

        def ask(store: Store) -> DashboardData:
            from linky_tui.ui.dashboard.data import load_dashboard  # with all that asks MongoDB

            return load_dashboard(store, series, lambda: backend.session.budget())

        self.query_store(ask, self._show, group="dashboard")

    def _engine_said(self, events: tuple[Event, ...]) -> None:
        from linky_tui.ingest.events import Surveyed, WindowStored

        if any(isinstance(event, WindowStored | Surveyed) for event in events):
            self._stale = True

    def _reload_stale(self) -> None:
        due = self._stale and time.monotonic() - self._loaded_s >= _RELOAD_S
        if due and self.is_current and self.app.store_ready:
            self._load()

    def _show(self, data: DashboardData) -> None:
        for card, figure in zip(self._cards, data.figures, strict=True):
            card.show(figure)
        self._data = data
        self._show_bars()
        curve = self.query_one("#curve", Chart)
        curve.border_title = (
            f"Load curve, {data.curve_day} (W)" if data.curve_day else "Load curve (W)"
        )
        curve.border_subtitle = data.curve_note
        if data.curve is not None:
            curve.show(data.curve)
        else:
            curve.show_empty(nothing_text(self.app))

    def _show_bars(self) -> None:
        """As many days as there is room for."""
        bars, data, few = self.query_one("#bars", Chart), self._data, self.has_class("-pair")
        bars.border_title = (
            f"Last {RECENT_DAYS} days (kWh)" if few else f"Daily energy, last {BAR_DAYS} days (kWh)"
        )
        bars.styles.padding = (0, 0 if few else 1)  # every cell counts
        if data is None:
            return
        bars.border_subtitle = "" if few else data.bars_note
        plot = data.recent if few else data.bars
        if plot is None:
            bars.show_empty(nothing_text(self.app))
        elif bars.plot is not plot:
            bars.show(plot)

    def _show_no_meter(self) -> None:
        self._data = None
        for card in self._cards:
            card.show(Figure(NOTHING, reason="no meter yet"))
        for name in ("#bars", "#curve"):
            self.query_one(name, Chart).show_empty(no_meter_text(self.app))

    def copyables(self) -> list[Copyable]:
        return self.comparison.copyables()

    def action_open_day(self) -> None:
        chart = self.pointed_chart
        if chart is not None and (chart.place is not None or chart.step(-1, 0)):
            chart.open_day()

    @on(Chart.Opened)
    def _open_day(self, message: Chart.Opened) -> None:
        self.app.day_wanted = message.day
        self.app.switch_mode("charts")

    @on(FigureCard.Opened)
    def _open_page(self, message: FigureCard.Opened) -> None:
        self.app.switch_mode(message.page)
