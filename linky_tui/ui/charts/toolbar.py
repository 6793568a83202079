"""The lines above a chart: which view, which period, and what is said about it."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static, Tab, Tabs

from linky_tui.ui.charts.request import TITLES
from linky_tui.ui.charts.summary import Summary
from linky_tui.ui.plots.periods import Period, Span
from linky_tui.ui.shell.page import Said

SPAN_NAMES = {
    Span.DAY: "Day",
    Span.WEEK: "Week",
    Span.MONTH: "Month",
    Span.YEAR: "Year",
    Span.ALL: "All",
}


class ViewTabs(Tabs, can_focus=False):
    """The views; never focused, so that the arrow keys always move in time."""

    def __init__(self) -> None:
        super().__init__(*(Tab(title, id=view.value) for view, title in TITLES.items()))


class Chip(Static, can_focus=False):
    """A word that can be clicked; the keyboard has its own keys for what it does."""

    def __init__(self, text: str, action: str, tooltip: str, id: str) -> None:  # noqa: A002
        super().__init__(text, id=id, markup=False)
        self.action = action
        self.tooltip = tooltip

    async def on_click(self) -> None:
        if not self.disabled:
            await self.screen.run_action(self.action)


class PeriodBar(Horizontal):
    """The period, what is before and after it, and its length; all of it can be clicked."""

    DEFAULT_CSS = """
    PeriodBar {
        height: 1;
        padding: 0 1;
        Chip {
            width: auto;
            padding: 0 1;
            color: $text-muted;
            &:hover { background: $boost; color: $text; }
            &.-shown { color: $text-accent; text-style: bold underline; }
            &:disabled { color: $text-disabled; }
        }
        #period { width: 25; text-align: center; text-style: bold; }
        #spans { width: 1fr; height: 1; align-horizontal: center; }
        #places { width: auto; height: 1; }
    }
    .-tiny PeriodBar {
        #spans { align-horizontal: right; }
        #places, #span-year, #span-all { display: none; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Chip("◀", "move(-1)", "Earlier (left)", "earlier")
        yield Said("", id="period", markup=False)
        yield Chip("▶", "move(1)", "Later (right)", "later")
        with Horizontal(id="spans"):
            for span, name in SPAN_NAMES.items():
                tooltip = f"{name} (up and down change the length)"
                yield Chip(name, f"span('{span.name}')", tooltip, f"span-{span.name.lower()}")
        with Horizontal(id="places"):
            yield Chip("Latest", "latest", "The latest data (t)", "latest")
            yield Chip("Go to…", "jump", "Go to a date (/)", "jump")

    def show(self, period: Period | None) -> None:
        """Without a period nothing of it can be clicked."""
        self.disabled = period is None
        self.query_one("#period", Static).update("" if period is None else period.text)
        if period is None:
            return
        self.query_one("#earlier", Chip).disabled = not period.has_earlier
        self.query_one("#later", Chip).disabled = not period.has_later
        for span in Span:
            chip = self.query_one(f"#span-{span.name.lower()}", Chip)
            chip.set_class(span is period.span, "-shown")


class SummaryLine(Said):
    """Total, mean, peak, and what is missing."""

    DEFAULT_CSS = """
    SummaryLine { height: auto; max-height: 2; padding: 0 1; color: $text-muted; }
    """

    def show(self, summary: Summary) -> None:
        variables = self.app.theme_variables
        line = Text()
        parts = [(summary.total, "bold"), *((fact, "") for fact in summary.facts)]
        warning = "" if summary.whole else f"bold {variables.get('text-warning', '')}"
        if warning.endswith(("%", "bold ")) or "auto" in warning:
            warning = "bold"
        parts.append((summary.missing, warning))
        for text, style in parts:
            if text:
                line.append(" · " if line.plain else "", "dim")
                line.append(text, style)
        self.update(line)
