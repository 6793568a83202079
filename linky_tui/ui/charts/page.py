"""The Charts page: a view, a period, a place in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Tabs

from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, today
from linky_tui.storage import queries
from linky_tui.text.formatting import day_text
from linky_tui.ui.charts.date_dialog import DateDialog
from linky_tui.ui.charts.loaders import load_curve, load_energy
from linky_tui.ui.charts.patterns import load_average, load_duration, load_heat
from linky_tui.ui.charts.request import (
    OF_READINGS,
    SHORTEST,
    TITLES,
    Against,
    ChartData,
    ChartRequest,
    View,
)
from linky_tui.ui.charts.summary import Summary
from linky_tui.ui.charts.toolbar import PeriodBar, SummaryLine, ViewTabs
from linky_tui.ui.charts.years import load_years
from linky_tui.ui.plots import Chart
from linky_tui.ui.plots.periods import Period, Span
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.page import POINT_KEYS, Page, no_meter_text, nothing_text

if TYPE_CHECKING:
    from linky_tui.storage.queries import DataDays
    from linky_tui.storage.store import Store

DEBOUNCE_S = 0.06
LONGEST_WAIT_S = 0.25
"""While a key is held down the chart follows this often, not with every repetition."""
LOADERS: dict[View, Callable[[Store, ChartRequest], ChartData]] = {
    View.CURVE: load_curve,
    View.ENERGY: load_energy,
    View.HEAT: load_heat,
    View.AVERAGE: load_average,
    View.YEARS: load_years,
    View.DURATION: load_duration,
}
"""Each asks the store for its view, in a worker thread, and knows no widget."""
MARKERS = ("braille", "half-block", "dot")
_MOVE = Binding.Group("Move", compact=True)
_ZOOM = Binding.Group("Zoom", compact=True)


class ChartsPage(Page):
    """Charts of any period."""

    AUTO_FOCUS = ""
    PLACE = "Charts"
    HELP = """
## Charts

A *view* of a *period*: move it, make it longer or shorter, go to a date. Point at the picture with
the mouse, or step with the keys for reading: time, power and energy of each place.

- **Load curve**: power over time. Above a week, the mean of each day in a band from the lowest to
  the highest power of the day. Another period can be put behind it.
- **Energy**: by hour of a day, by day of a week or a month, by month of anything longer. Weekends
  stand over a double axis in another colour; the line is the median.
- **Heat map**: half-hours down (or hours, where rows are few), days across. Its colours end at the
  power that 98 % of the time stays below.
- **Average day**: the mean of every half-hour, for working days and for weekends.
- **Years**: the months of up to three years. Changes are counted over months that are complete in
  both years.
- **Load duration**: the power that was reached for so many percent of the time.

The line above the chart gives the energy of the whole period and what is missing in it. A gap is a
gap, never a zero; hatched bars are incomplete. Where a day lacks readings, its energy is Enedis'
own total.
"""
    WORDS = ("load curve", "half-hour", "certified", "partial")
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("charts-earlier", "move(-1)", group=_MOVE),
        bind("charts-later", "move(1)", group=_MOVE),
        bind("charts-longer", "zoom(1)", group=_ZOOM),
        bind("charts-shorter", "zoom(-1)", group=_ZOOM),
        bind("charts-latest", "latest", show=False),
        bind("charts-jump", "jump"),
        bind("charts-view", "view(1)"),
        bind("charts-view-before", "view(-1)", show=False),
        bind("charts-compare", "compare"),
        *POINT_KEYS,
        bind("charts-open-day", "open_day", show=False),
        bind("charts-read-no-more", "read_no_more", show=False),
        bind("charts-marker", "marker", show=False),
    ]  # fmt: skip
    DEFAULT_CSS = """
    ChartsPage {
        &.-flat ViewTabs { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._view = View.CURVE
        self._period: Period | None = None
        self._against = Against.NOTHING
        self._series: Series | None = None
        self._curve_first: date | None = None
        self._wanted: ChartRequest | None = None
        self._timer: Timer | None = None
        self._asked_at = 0.0
        self._could = (False, False)  # whether there is a period, and one to compare with

    def compose_body(self) -> ComposeResult:
        yield ViewTabs()
        yield PeriodBar()
        yield SummaryLine()
        yield Chart(
            "Reading.",
            marker=self.app.config.display.marker,
            legend_in_border=True,
            id="chart",
            classes="panel",
        )

    @property
    def shown_period(self) -> Period | None:
        """The period, widened to what the view can show."""
        if self._period is None:
            return None
        period = self._period.at_least(SHORTEST.get(self._view, Span.DAY))
        if self._view in OF_READINGS and self._curve_first is not None and self._is_everything:
            return period.within(self._curve_first, period.newest)
        return period

    # Data

    def refresh_data(self) -> None:
        series = self.app.series
        if series is None:
            self._no_data(no_meter_text(self.app))
            return

        def show(days: DataDays | None) -> None:
            self._take_over(series, days)

        self.query_store(lambda store: queries.data_days(store, series), show, group="charts-days")

    def _take_over(self, series: Series, days: DataDays | None) -> None:
        if days is None:
            self._no_data(nothing_text(self.app))
            return
        before, self._series = self._series, series
        oldest, newest = days.first, days.last
        self._curve_first = days.curve_first
        period = self._period
        if period is None or before != series:
            span = Span.DAY if period is None else period.span
            self._period = Period(span, newest, oldest, newest)
        else:
            following = period.anchor == period.newest
            period = period.within(oldest, newest)
            self._period = period.at(newest) if following else period
        if self.app.day_wanted is not None:
            day, self.app.day_wanted = self.app.day_wanted, None
            self._view = View.CURVE
            self._period = Period(Span.DAY, day, oldest, newest).at(day)
        self._changed(again=True)

    def _no_data(self, text: str) -> None:
        self._period = self._wanted = None
        self.query_one(PeriodBar).show(None)
        self.query_one(SummaryLine).show(Summary(""))
        chart = self.query_one(Chart)
        chart.border_title = ""
        chart.show_empty(text)
        self._follow_keys()

    def _follow_keys(self) -> None:
        could, self._could = self._could, (self._period is not None, self._can_compare)
        if could != self._could:
            # The footer is made anew: nothing to do with every key.
            self.refresh_bindings()

    def _changed(self, *, again: bool = False) -> None:
        """Say at once where one is; load it as soon as the keys come to rest."""
        period = self.shown_period
        if period is None or self._series is None:
            return
        self.query_one(PeriodBar).show(period)
        self.query_one(ViewTabs).active = self._view.value
        self._follow_keys()
        request = ChartRequest(
            self._series, self._view, period, self._against, today() - ONE_DAY, self._curve_first
        )
        if request == self._wanted and not again:
            return
        self._wanted = request
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if monotonic() - self._asked_at > LONGEST_WAIT_S:
            self._ask()
        else:
            self._timer = self.set_timer(DEBOUNCE_S, self._ask)

    def _ask(self) -> None:
        request = self._wanted
        if request is None:
            return
        self._asked_at = monotonic()
        load = LOADERS[request.view]
        self.query_store(
            # A question that is old before its thread starts costs nothing.
            lambda store: load(store, request) if request is self._wanted else None,
            lambda answer: self._show(request, answer),
            group="charts",
        )

    def _show(self, request: ChartRequest, answer: ChartData | None) -> None:
        if answer is None or request is not self._wanted:
            return
        self.query_one(SummaryLine).show(answer.summary)
        chart = self.query_one(Chart)
        chart.border_title = f"{TITLES[request.view]}, {answer.summary.period}"
        if answer.plot is None:
            chart.show_empty(answer.empty)
        else:
            chart.show(answer.plot)

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        of_a_period = action in ("move", "zoom", "latest", "jump", "view", "compare")
        if (of_a_period and self._period is None) or (
            action == "compare" and not self._can_compare
        ):
            return None
        return super().check_action(action, parameters)

    @property
    def _can_compare(self) -> bool:
        return self._period is not None and self._view is View.CURVE and not self._is_everything

    @property
    def _is_everything(self) -> bool:
        return self._period is not None and self._period.span is Span.ALL

    def action_move(self, steps: int) -> None:
        period = self.shown_period
        if self._period is not None and period is not None:
            self._period = self._period.at(period.moved(steps).anchor)
            self._changed()

    def action_zoom(self, steps: int) -> None:
        if self._period is not None:
            shortest = SHORTEST.get(self._view, Span.DAY)
            self._period = self._period.at_least(shortest).zoomed(steps)
            self._changed()

    def action_span(self, name: str) -> None:
        if self._period is not None:
            self._period = Period(
                Span[name], self._period.anchor, self._period.oldest, self._period.newest
            )
            self._changed()

    def action_latest(self) -> None:
        if self._period is not None:
            self._period = self._period.at(self._period.newest)
            self._changed()

    def action_jump(self) -> None:
        if self._period is not None:
            self.app.push_screen(DateDialog(), self._jump_to)

    def _jump_to(self, place: tuple[Span, date] | None) -> None:
        period = self._period
        if place is None or period is None:
            return
        span, day = place
        there = Period(span, day, period.oldest, period.newest)
        if there.last < period.oldest or there.first > period.newest:
            self.notify(
                f"There is data from {day_text(period.oldest)} to {day_text(period.newest)}. "
                "This is the nearest.",
                severity="warning",
                markup=False,
            )
        self._period = there.at(day)
        self._changed()

    def action_view(self, steps: int) -> None:
        views = list(View)
        self._view = views[(views.index(self._view) + steps) % len(views)]
        self._changed()

    def action_compare(self) -> None:
        choices = list(Against)
        period = self.shown_period
        if period is not None and period.span is not Span.DAY:
            choices.remove(Against.WEEK_BEFORE)
        index = choices.index(self._against) if self._against in choices else 0
        self._against = choices[(index + 1) % len(choices)]
        self._changed()

    def action_marker(self) -> None:
        chart = self.query_one(Chart)
        index = MARKERS.index(chart.marker) if chart.marker in MARKERS else 0
        chart.marker = MARKERS[(index + 1) % len(MARKERS)]
        said = f"Drawn with {chart.marker}. Settings remember it."
        self.app.save_display(said, marker=chart.marker)

    # Reading

    def action_open_day(self) -> None:
        self.query_one(Chart).open_day()

    def action_read_no_more(self) -> None:
        self.query_one(Chart).read_no_more()

    @on(Chart.Opened)
    def _open_day(self, message: Chart.Opened) -> None:
        shown = self.shown_period
        if self._period is not None and shown is not None and shown.span is not Span.DAY:
            self._view = View.CURVE
            period = self._period
            self._period = Period(Span.DAY, message.day, period.oldest, period.newest)
            self._changed()

    # Mouse

    @on(Tabs.TabActivated)
    def _tab_chosen(self, event: Tabs.TabActivated) -> None:
        # Also what a key chose comes back as an event; one that is older than the state would turn
        # the page back, and that would come back, too, without end.
        if event.tab.id and event.tab.id == event.tabs.active != self._view.value:
            self._view = View(event.tab.id)
            self._changed()
