"""What one experiment found, in full: its sentence, plots and tables, and how it was measured."""

from __future__ import annotations

from rich.table import Table as Grid
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from linky_tui.domain.laboratory import Result
from linky_tui.errors import LinkyError
from linky_tui.lab.catalogue import BY_KEY
from linky_tui.lab.report.blocks import Bars, Lines, Plot, Ranges, Table
from linky_tui.lab.report.shown import shown
from linky_tui.ui.laboratory.curves import LogLines
from linky_tui.ui.laboratory.experiments import measured_day
from linky_tui.ui.laboratory.fitted import FittedTable
from linky_tui.ui.laboratory.rows import BarRows, RangeRows
from linky_tui.ui.plots import Chart


class ResultView(VerticalScroll, can_focus=True):
    """One experiment; built anew only when there is something else to show."""

    DEFAULT_CSS = """
    ResultView {
        height: 1fr;
        Static { height: auto; width: 1fr; margin-bottom: 1; }
        .lab-sentence { text-style: bold; }
        .lab-head { text-style: bold; color: $text-primary; margin-bottom: 0; }
        .lab-error { color: $text-error; }
        Chart { margin-bottom: 1; }
        FittedTable { margin-bottom: 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="lab-result", classes="panel")
        self._of: tuple[str, Result | None, LinkyError | None, str] = ("", None, None, "")

    def show(self, key: str, result: Result | None, error: LinkyError | None, hint: str) -> None:
        """An experiment; ``hint``: what to do where it has no result."""
        wanted = (key, result, error, "" if result else hint)
        if wanted == self._of:
            return
        if key != self._of[0]:
            self.scroll_home(animate=False)
        self._of = wanted
        known = BY_KEY[key]
        self.border_title = f"{known.number} {known.title}"
        self.border_subtitle = "" if result is None else f"measured {measured_day(result)}"
        self.refresh(recompose=True)

    def compose(self) -> ComposeResult:
        key, result, error, hint = self._of
        if not key:
            return
        known = BY_KEY[key]
        yield _words(known.question, "muted")
        if error is not None:
            yield _words(f"✗ {error.title}. {error.cause}", "lab-error")
            yield _words("\n".join(filter(None, (error.side_text, error.next_step))))
        if result is None:
            yield _words(hint, "lab-sentence")
            yield _words("How this is measured", "lab-head")
            yield _words(known.method)
            return
        parts = shown(result)
        yield _words(parts.sentence, "lab-sentence")
        for plot in parts.plots:
            yield from self._plot(plot)
        for table in parts.tables:
            yield _words(table.title, "lab-head")
            yield _table(table)
        for note in parts.notes:
            yield _words(note, "muted")
        yield _words("How this was measured", "lab-head")
        yield _words(parts.method)
        yield Static(_conditions(parts.conditions))

    def _plot(self, plot: Plot) -> ComposeResult:
        drawn: BarRows | RangeRows | LogLines
        match plot:
            case Bars():
                drawn = BarRows(unit=plot.unit, bars=plot)
            case Ranges():
                drawn = RangeRows(unit=plot.unit, ranges=plot)
            case Lines():
                drawn = LogLines(unit="", lines=plot)
        chart = Chart(marker=self.app.config.display.marker)  # type: ignore[attr-defined]
        chart.can_focus = False  # nothing of it is read with a crosshair
        chart.styles.height = drawn.rows
        chart.show(drawn)
        yield chart


def _words(text: str, classes: str = "") -> Static:
    return Static(text, markup=False, classes=classes or None)


def _table(table: Table) -> FittedTable:
    left = [n for n, (_, left) in enumerate(table.columns) if left]
    return FittedTable(table.head, table.rows, left)


def _conditions(conditions: tuple[tuple[str, str], ...]) -> Grid:
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in conditions:
        grid.add_row(Text(name), Text(value))
    return grid
