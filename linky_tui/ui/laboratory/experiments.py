"""The list of experiments: each with its state and, once it has run, its result at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.binding import BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from linky_tui.domain.laboratory import Result
from linky_tui.domain.paris import day_of
from linky_tui.lab.catalogue import EXPERIMENTS
from linky_tui.lab.report.glances import glance
from linky_tui.lab.runner import LabState
from linky_tui.text.formatting import duration_text, short_day_text
from linky_tui.ui.shell.bindings import bind


@dataclass(frozen=True, slots=True)
class Row:
    """What the list says of an experiment."""

    mark: str
    name: str
    state: str
    glance: str


def measured_day(result: Result) -> str:
    """The day in Paris on which it was measured."""
    return short_day_text(day_of(datetime.fromisoformat(result.measured_at)))


def rows(state: LabState, expected_s: dict[str, float]) -> dict[str, Row]:
    """What the list says of each."""
    found = {}
    for each in EXPERIMENTS:
        mark, said = _mark_and_state(each.key, state, expected_s[each.key])
        result = state.results.get(each.key)
        name = f"{each.number} {each.title}"
        found[each.key] = Row(mark, name, said, "" if result is None else glance(result))
    return found


def _mark_and_state(key: str, state: LabState, expected_s: float) -> tuple[str, str]:
    if key == state.running:
        return ("‖" if state.paused else "▶"), _running_text(state)
    if key in state.waiting:
        return "·", "waits for its turn" if state.running else "starts"
    if key in state.failed:
        return "✗", "failed"
    if key in state.results:
        result = state.results[key]
        return "✓", f"{measured_day(result)}, {duration_text(result.took_s)}"
    return "○", f"about {duration_text(expected_s)}"


def _running_text(state: LabState) -> str:
    if state.stopping:
        return "stopping"
    if state.paused:
        return "paused"
    progress = state.progress
    if progress is None or not progress.total:
        return "starting its server"
    return f"{progress.share:.0%}"


class ExperimentList(OptionList):
    """Enter runs the one that is highlighted."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("lab-run", "select")]

    def __init__(self) -> None:
        super().__init__(
            *(Option("", id=each.key) for each in EXPERIMENTS), id="experiments", markup=False
        )
        self._shown: dict[str, tuple[Row, bool]] = {}

    @property
    def key(self) -> str:
        """The experiment that is highlighted."""
        return EXPERIMENTS[self.highlighted or 0].key

    def on_resize(self) -> None:
        """Where there is little room, the highlighted one is what is seen."""
        self.call_after_refresh(self.scroll_to_highlight)

    def show(self, found: dict[str, Row], *, narrow: bool) -> None:
        """One line each where it is ``narrow``, else two."""
        for key, row in found.items():
            if self._shown.get(key) != (row, narrow):
                self._shown[key] = row, narrow
                self.replace_option_prompt(key, _prompt(row, narrow=narrow))


def _prompt(row: Row, *, narrow: bool) -> Table | Group:
    grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
    name = Text(f"{row.mark} {row.name}", no_wrap=True)
    state, found = Text(row.state, no_wrap=True), Text(row.glance, "dim", no_wrap=True)
    if narrow:
        grid.add_column(width=20, no_wrap=True, overflow="ellipsis")
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        grid.add_column(no_wrap=True, justify="right", overflow="ellipsis")
        grid.add_row(name, found, state)
    else:
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        grid.add_column(no_wrap=True, justify="right", overflow="ellipsis")
        grid.add_row(name, state)
        found = Text(f"    {row.glance}", "dim", no_wrap=True, overflow="ellipsis")
        return Group(grid, found)
    return grid
