"""The laboratory on the Storage page: which experiments there are, what runs, what was found."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.events import DescendantFocus, Resize
from textual.widgets import OptionList, ProgressBar, Static

from linky_tui.lab.catalogue import BY_KEY, need_a_home
from linky_tui.lab.durations import YEAR_READINGS, expected_s
from linky_tui.lab.runner import LabState
from linky_tui.text.formatting import count_text, duration_text, plain
from linky_tui.ui.laboratory.dialogs import HomesDialog, ReportDialog
from linky_tui.ui.laboratory.experiments import ExperimentList, rows
from linky_tui.ui.laboratory.keys import LAB_KEYS, STOP
from linky_tui.ui.laboratory.result_view import ResultView
from linky_tui.ui.laboratory.task import task_for
from linky_tui.ui.shell.bindings import key_label
from linky_tui.ui.shell.core import AppCore
from linky_tui.words.events import EventText

_SIDE_CELLS = 110


class LaboratoryPanel(Container):
    """The experiments beside, or above, what the highlighted one found."""

    app = getters.app(AppCore)
    BINDINGS: ClassVar[list[BindingType]] = [*LAB_KEYS[:2], STOP, *LAB_KEYS[2:]]
    DEFAULT_CSS = """
    LaboratoryPanel {
        height: 1fr;
        #lab-list { height: auto; }
        #experiments { height: 8; border: none; padding: 0; background: transparent; }
        #lab-doing { height: 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
        #lab-progress { height: 1; }
        #lab-progress ProgressBar, #lab-progress Bar { width: 1fr; }
        &.-side { layout: horizontal; }
        &.-reading #experiments { height: 2; }
        &.-side #lab-list { width: 52; height: 1fr; }
        &.-side #experiments { height: 1fr; }
        &.-side #lab-result { width: 1fr; height: 1fr; }
    }
    Screen.-flat LaboratoryPanel #experiments { height: 3; }
    """

    def __init__(self) -> None:
        super().__init__(classes="page-body")

    def compose(self) -> ComposeResult:
        with Vertical(id="lab-list", classes="panel") as box:
            box.border_title = "Experiments"
            yield ExperimentList()
            yield Static("", id="lab-doing", markup=False)
            with Horizontal(id="lab-progress"):
                yield ProgressBar(show_eta=False, show_percentage=False)
        yield ResultView()

    def on_mount(self) -> None:
        self.app.lab_changed.subscribe(self, lambda _: self.show())
        self._load()
        self.show()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width >= _SIDE_CELLS, "-side")
        self.show()

    @work(group="lab-results", exit_on_error=False)
    async def _load(self) -> None:
        await asyncio.to_thread(self.app.lab.load)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Whoever reads a result has the room for it."""
        reading = self.query_one(ResultView) in event.widget.ancestors_with_self
        self.set_class(reading, "-reading")

    # What keys do; the page has the actions, but as "screen." they would be an open dialog's.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.screen.check_action(action, parameters)

    async def action_lab(self, what: str) -> None:
        await self.screen.run_action(f"lab('{what}')")

    async def action_cancel(self) -> None:
        await self.screen.run_action("cancel")

    def focus_list(self) -> None:
        self.query_one(ExperimentList).focus()

    def run_all(self) -> None:
        self._run(tuple(BY_KEY))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        if event.option.id is not None:
            self._run((event.option.id,))

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self.show()

    def _run(self, keys: tuple[str, ...]) -> None:
        app = self.app
        if app.lab.state.busy:
            stop = key_label(app, "storage-cancel", app.config.keys)
            app.notify(f"Wait until what runs has ended, or stop it with {stop}.",
                       severity="warning", markup=False)  # fmt: skip
        elif need_a_home(keys) and not app.demo and not app.store_ready:
            app.notify("MongoDB is not connected, and the stored readings are there.",
                       severity="warning")  # fmt: skip
        elif app.lab.start(keys, task_for(app.backend, app.series, keys, app.lab_homes)):
            names = "all experiments" if len(keys) > 1 else BY_KEY[keys[0]].title
            app.note(EventText(f"Laboratory: {names}, asked for on the Storage page."))

    def choose_homes(self) -> None:
        """How many homes the largest fleet has."""

        def chosen(homes: int | None) -> None:
            if homes is not None:
                self.app.lab_homes = homes
                self.show()

        self.app.push_screen(
            HomesDialog(self.app.lab_homes, partial(self._expected, self.app.lab.state)), chosen
        )

    def write_report(self) -> None:
        """Ask where, and write all that was measured."""
        results = self.app.lab.state.results
        if results:
            self.app.push_screen(ReportDialog(tuple(results.values())))
        else:
            self.app.notify("Nothing was measured yet: Enter runs an experiment.",
                            severity="warning")  # fmt: skip

    # What is shown

    def show(self) -> None:
        """The state, as it is now."""
        if not self.is_mounted or not self.query(ExperimentList):
            return
        state = self.app.lab.state
        expected = {key: self._expected(state, key, self.app.lab_homes) for key in BY_KEY}
        listed = self.query_one(ExperimentList)
        listed.show(rows(state, expected), narrow=not self.has_class("-side"))
        self.query_one(
            "#lab-list"
        ).border_subtitle = f"fleets up to {count_text(self.app.lab_homes)} homes"
        doing = self.query_one("#lab-doing", Static)
        doing.update(_doing(state))
        doing.display = bool(_doing(state))
        bar, progress = self.query_one(ProgressBar), state.progress
        bar.parent.display = state.busy  # type: ignore[union-attr]
        if progress is None:
            bar.update(total=None, progress=0)
        else:
            bar.update(total=progress.total or None, progress=progress.done)
        key = listed.key
        hint = f"Not measured yet. Enter runs it: about {duration_text(expected[key])}."
        if key == state.running:
            hint = "It runs. What it finds will stand here."
        elif key in state.waiting:
            hint = "It runs after those above it."
        result, error = state.results.get(key), state.failed.get(key)
        self.query_one(ResultView).show(key, result, error, hint)

    def _expected(self, state: LabState, key: str, homes: int) -> float:
        snapshot = self.app.comparison.snapshot
        stored = 0 if snapshot is None or self.app.demo else snapshot.comparison.regular.readings
        return expected_s(key, homes, stored or 2 * YEAR_READINGS, state.results)


def _doing(state: LabState) -> str:
    """What goes on, how fast, and how long it still takes."""
    if not state.busy:
        return state.unkept and f"✗ The last result could not be kept: {state.unkept}"
    if state.stopping:
        return "Stopping; its server is dropped."
    progress = state.progress
    if progress is None:
        return f"In {plain(state.place)}" if state.place else "Reading the readings"
    parts = ["Paused" if state.paused else "", progress.step]
    if progress.per_s is not None and not state.paused:
        parts.append(f"{progress.per_s:,.0f} {progress.unit}/s")
    if progress.eta_s is not None:
        parts.append(f"{duration_text(progress.eta_s)} left")
    return " · ".join(filter(None, parts))
