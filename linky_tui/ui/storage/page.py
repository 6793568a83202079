"""The storage page: both collections in full, what can be done with them, and how they grew."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.widgets import Button, ProgressBar, Static

from linky_tui.errors import LinkyError, OutOfSpace, StorageUnavailable
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.text.formatting import count_text
from linky_tui.ui.comparison.panel import ComparisonPanel
from linky_tui.ui.comparison.size_bars import SizeBars, size_bars
from linky_tui.ui.laboratory.keys import LAB_KEYS, STOP
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.dialogs import ConfirmDialog
from linky_tui.ui.shell.messages import StoreFailed
from linky_tui.ui.shell.page import POINT_KEYS, Page
from linky_tui.ui.storage.access_dialog import AccessDialog
from linky_tui.ui.storage.actions import (
    DEFRAGMENT,
    Action,
    ActionAdvanced,
    ActionResult,
    Running,
    run_action,
    stopped_text,
)
from linky_tui.ui.storage.faces import FaceBar, laboratory_help
from linky_tui.ui.storage.growth import GrowthChart
from linky_tui.words.events import EventText, Tone
from linky_tui.words.help import Help

if TYPE_CHECKING:
    from linky_tui.storage.compare.zstd_copy import ZstdCopy
    from linky_tui.words.copied import Copyable

WHY = (
    "A time series collection packs up to 1,000 readings of a meter into one document, column by "
    "column. That saves most; the compressor is the smaller part."
)
_SIDE_CELLS = 120
READY = "Verify reads every reading of both. Repair makes them identical again."


class StoragePage(Page):
    """Both collections, measured and looked after."""

    PLACE = "Storage"
    HELP = """
## Storage

The same readings in a regular collection and in a time series collection.

- **Table**: used bytes of both, what `_id` costs, each index, and how full the buckets are. In
  italics what `$collStats` calls the figure. Storage and indexes are `storageSize` and
  `totalIndexSize` less what is free in their files and will be used again; free is
  `freeStorageSize` and the same of the indexes.
- **Bars**: storage and indexes of both, with the compressors that MongoDB names. Measuring zstd
  copies the regular documents into a temporary collection with that compressor and drops it, to
  show how much of the saving is only that.
- **Growth**: the data of both while readings are fetched; before that, the stored readings are
  inserted once more, in order, into a scratch server that is dropped at once.
- **Inside**: one reading as both collections store it, field by field.
- **Laboratory**: experiments on what is saved, and why.

**Verify** reads every reading of both, **Repair** makes them equal again, **Defragment** empties
the time series collection and fills it anew in order from the regular one; it asks first. Nothing
is lost when they are stopped: the next run completes what is missing. The log keeps how they
ended.

**Get in** shows how to look at all this with MongoDB's own tools, and copies the query behind each
figure.
"""
    WORDS = (
        "identical",
        "settling",
        "bucket",
        "granularity",
        "snappy, zstd",
        "_id",
        "defragment",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("storage-verify", "run('VERIFY')"),
        bind("storage-repair", "run('REPAIR')"),
        bind("storage-defragment", "run('DEFRAGMENT')"),
        bind("storage-zstd", "run('ZSTD')"),
        bind("storage-inside", "inside"),
        bind("storage-access", "access"),
        bind("storage-face", "face", show=False),
        STOP,
        *(replace(each, show=False) for each in LAB_KEYS),
        *(replace(each, show=False) for each in POINT_KEYS),
    ]  # fmt: skip
    DEFAULT_CSS = """
    StoragePage {
        #panels {
            layout: grid;
            grid-size: 1 3;
            grid-rows: 24 16 13;
            height: 53;
        }
        &.-side #panels {
            grid-size: 2 2;
            grid-columns: 12fr 9fr;
            grid-rows: 23 1fr;
            height: 1fr;
            min-height: 31;
        }
        &.-side #growth { column-span: 2; }
        #table { overflow-y: auto; scrollbar-size-vertical: 1; }
        &.-side #table ComparisonTable, &.-side #sizes SizeBars { margin-top: 1; }
        &.-nothing #sizes SizeBars { display: none; }
        #comparison { height: 1fr; }
        LaboratoryPanel { display: none; }
        &.-laboratory #comparison { display: none; }
        &.-laboratory LaboratoryPanel { display: block; }
        &.-laboratory.-away LaboratoryPanel { display: none; }
        #why { color: $text-muted; height: auto; margin-top: 1; }
        #body { height: 1fr; }
        #work { height: auto; }
        #buttons { height: 1; }
        #buttons Button { margin-right: 2; min-width: 0; }
        #cancel { display: none; }
        #progress { height: 1; display: none; }
        #progress ProgressBar { width: 1fr; margin-right: 2; }
        #progress Bar { width: 1fr; }
        #doing { width: auto; margin-right: 2; }
        #result { height: auto; max-height: 2; color: $text-muted; }
        #result.-good { color: $text-success; }
        #result.-bad { color: $text-error; }
        &.-working #progress, &.-working #cancel { display: block; }
        &.-working #result { display: none; }
        &.-flat #work { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.comparison = ComparisonPanel(detailed=True)
        self._job: Running | None = None
        self._lab = (False, False)  # whether the laboratory was busy and stopping when last seen
        self._probe: ZstdCopy | None = None
        self._able: dict[str, bool] = {}

    def compose_body(self) -> ComposeResult:
        yield FaceBar()
        with Vertical(id="comparison"):
            with VerticalScroll(id="body"), Container(id="panels"):
                yield self.comparison
                with Vertical(id="sizes", classes="panel"):
                    yield SizeBars()
                    yield Static(WHY, id="why", markup=False)
                yield GrowthChart()
            with Vertical(id="work", classes="panel"):
                with Horizontal(id="buttons"):
                    yield Button("Verify", id="verify", compact=True, name="VERIFY")
                    yield Button("Repair", id="repair", compact=True, name="REPAIR")
                    yield Button("Defragment", id="defragment", compact=True, name="DEFRAGMENT")
                    yield Button("Measure zstd", id="zstd", compact=True, name="ZSTD")
                    yield Button("Cancel", id="cancel", compact=True, variant="warning")
                with Horizontal(id="progress"):
                    yield Static("", id="doing", markup=False)
                    yield ProgressBar(show_eta=False, show_percentage=False)
                yield Static(READY, id="result", markup=False)

    def on_mount(self) -> None:
        self.query_one("#sizes").border_title = "On disk"
        self.query_one("#work").border_title = "Actions"
        self.app.comparison_changed.subscribe(self, lambda _: self._show_sizes())
        self.app.status_changed.subscribe(self, lambda _: self._follow_able())
        self.app.lab_changed.subscribe(self, lambda _: self._follow_lab())
        self._show_sizes()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width >= _SIDE_CELLS, "-side")

    def on_unmount(self) -> None:
        if self._job is not None:
            self._job.stop.set()

    @property
    def has_data(self) -> bool:
        return self.app.comparison.snapshot is not None

    def refresh_data(self) -> None:
        self.comparison.soon()

    def copyables(self) -> list[Copyable]:
        return self.comparison.copyables()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        lab = self.app.lab.state
        if action == "cancel":
            return lab.busy and not lab.stopping if self.in_laboratory else self._job is not None
        if action in ("run", "inside", "access"):
            return not self.in_laboratory and (self._can(action, *parameters) or None)
        if action == "lab":
            if self.in_laboratory and self.has_class("-away") and not lab.busy:
                return None
            fits = {"pause": lab.busy and not lab.stopping, "write_report": True}
            return self.in_laboratory and fits.get(str(parameters[0]), not lab.busy)
        return True

    def _can(self, action: str, name: object = "") -> bool:
        """Whether MongoDB answers, and has what the action needs, as far as that is known."""
        app, snapshot = self.app, self.app.comparison.snapshot
        if not app.store_ready or action == "access" or snapshot is None or app.ingest.state.busy:
            return app.store_ready
        both = snapshot.comparison
        needs_regular = name in ("DEFRAGMENT", "ZSTD")
        return bool(both.regular.readings or (both.timeseries.readings and not needs_regular))

    def _follow_able(self) -> None:
        able = {name: self._can("run", name) for name in Action.__members__}
        able["access"] = self._can("access")
        if able != self._able:
            self._able = able
            for button in self.query("#buttons Button").results(Button):
                button.disabled = not able.get(button.name or "", True)
            self.refresh_bindings()

    # Faces

    def _follow_lab(self) -> None:
        lab = self.app.lab.state
        before, self._lab = self._lab, (lab.busy, lab.stopping)
        if before != self._lab:
            self.refresh_bindings()

    @property
    def in_laboratory(self) -> bool:
        """Whether the laboratory is shown, not the comparison."""
        return self.has_class("-laboratory")

    @property
    def help(self) -> Help:
        return laboratory_help() if self.in_laboratory else super().help

    async def action_face(self) -> None:
        self.toggle_class("-laboratory")
        self.query_one(FaceBar).show(laboratory=self.in_laboratory)
        if self.in_laboratory:
            from linky_tui.ui.laboratory.panel import LaboratoryPanel  # what it needs takes time

            if not self.query(LaboratoryPanel):
                await self.mount(LaboratoryPanel(), after="#comparison")
            self.query_one(LaboratoryPanel).focus_list()
        else:
            self.query_one("#body").focus()
        self.refresh_bindings()

    def action_lab(self, what: str) -> None:
        if what == "pause":
            self.app.lab.pause()
        else:
            getattr(self.query_one("LaboratoryPanel"), what)()

    def action_inside(self) -> None:
        series = self.app.series
        if series is None:
            self.notify("There is no meter yet.", severity="warning")
            return
        from linky_tui.ui.storage.inside_dialog import InsideDialog

        self.app.push_screen(InsideDialog(series))

    # Actions

    def action_run(self, name: str) -> None:
        if self._job is not None:
            self.notify(f"{self._job.action.value}: wait for it, or press Esc to cancel.",
                        severity="warning", markup=False)  # fmt: skip
        elif self.app.ingest.state.busy:
            self.notify("Readings are being fetched. Wait until that has finished, or stop it.",
                        severity="warning")  # fmt: skip
        elif Action[name] is Action.DEFRAGMENT:
            question = ConfirmDialog("Defragment?", DEFRAGMENT, yes="Defragment", danger=True)
            self.app.push_screen(question, self._confirmed)
        else:
            self._start(Action[name])

    def action_access(self) -> None:
        server, snapshot = self.app.server, self.app.comparison.snapshot
        if server is None or server.access is None:
            return
        comparison = snapshot.comparison if snapshot is not None else None
        dialog = AccessDialog(server.access, self.app.backend.store, comparison)
        self.app.push_screen(dialog)

    def _confirmed(self, yes: bool | None) -> None:
        if yes:
            self._start(Action.DEFRAGMENT)

    def _start(self, action: Action) -> None:
        running = Running(action, threading.Event())
        self._set_job(running)
        self.app.ingest.note(EventText(f"{action.value}, asked for on the Storage page."))
        self._run(running)

    @work(group="storage-action", exit_on_error=False)
    async def _run(self, running: Running) -> None:
        backend, series = self.app.backend, self.app.series

        def progress(doing: str, done: int, total: int) -> None:
            self.post_message(ActionAdvanced(doing, done, total))

        def act() -> ActionResult:
            return run_action(running.action, backend.store, series, running.stop, progress)

        try:
            outcome = await asyncio.to_thread(act)
        except StorageStopped:
            outcome = ActionResult(stopped_text(running.action), wrote=True)
        except LinkyError as error:
            why = await asyncio.to_thread(backend.explained, error)
            outcome = ActionResult(f"{why.title}. {why.cause}", good=False)
            self._fail(why)
        except Exception:
            outcome = ActionResult("It failed unexpectedly. The next run repairs it.", good=False)
        self._ended(outcome)

    def action_cancel(self) -> None:
        if self.in_laboratory:
            self.app.lab.stop()
        elif self._job is not None:
            self._job.stop.set()
            self.query_one("#doing", Static).update("Stopping")

    @on(Button.Pressed, "#buttons Button")
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.name is None:
            self.action_cancel()
        else:
            self.action_run(event.button.name)

    def on_action_advanced(self, message: ActionAdvanced) -> None:
        if self._job is not None and not self._job.stop.is_set():
            how_far = f", {count_text(message.done)} of {count_text(message.total)}"
            doing = message.doing + (how_far if message.total else "")
            self.query_one("#doing", Static).update(doing)
            bar = self.query_one(ProgressBar)
            bar.update(total=message.total or None, progress=message.done)

    def _ended(self, outcome: ActionResult) -> None:
        self._set_job(None)
        self.app.ingest.note(EventText(outcome.text, Tone.GOOD if outcome.good else Tone.ERROR))
        result = self.query_one("#result", Static)
        result.update(("✓ " if outcome.good else "✗ ") + outcome.text)
        result.set_class(outcome.good, "-good")
        result.set_class(not outcome.good, "-bad")
        if outcome.probe is not None:
            self._probe = outcome.probe
            self._show_sizes()
        if outcome.wrote:
            self.app.comparison.note_write()
            self.app.data_changed.publish(None)

    def _fail(self, error: LinkyError) -> None:
        if isinstance(error, StorageUnavailable | OutOfSpace):
            self.app.post_message(StoreFailed(error))
        else:
            self.app.show_error(error)

    def _set_job(self, running: Running | None) -> None:
        self._job = running
        self.set_class(running is not None, "-working")
        if running is not None:
            self.query_one("#doing", Static).update(running.action.value)
            self.query_one(ProgressBar).update(total=None, progress=0)
        self.refresh_bindings()

    # What is shown

    def _show_sizes(self) -> None:
        self._follow_able()
        snapshot = self.app.comparison.snapshot
        if snapshot is None:
            return
        self.set_class(not snapshot.comparison.regular.readings, "-nothing")
        self.query_one(SizeBars).show(size_bars(snapshot.comparison, self._probe))
        self.query_one(GrowthChart).follow()
