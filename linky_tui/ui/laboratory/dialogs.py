"""What the laboratory asks: how many homes, and where the report goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from linky_tui.domain.laboratory import Result
from linky_tui.domain.paris import today
from linky_tui.errors import LinkyError
from linky_tui.lab.catalogue import MOST_HOMES
from linky_tui.lab.durations import YEAR_READINGS
from linky_tui.lab.experiments.many_homes import READING_BYTES
from linky_tui.lab.report.file import ENDINGS, check_place, write_report
from linky_tui.lab.report.shown import shown
from linky_tui.text.formatting import bytes_text, count_text, duration_text, plain
from linky_tui.ui.forms.pasting import WholePasteInput
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.dialogs import Dialog

CHOICES = (10, 100, 1000)
_DIGITS = len(str(MOST_HOMES))


class HomesDialog(Dialog[int]):
    """Asks how many homes the largest fleet has.

    Args:
        homes: as it is now.
        expected_s: seconds that an experiment takes with so many homes.
    """

    PLACE = "Homes"
    HELP = """
## Homes of the fleet

The largest fleet that is loaded: smaller ones come before it, so that there is a curve. The rest
(a village, a city, the country) is extrapolated from the largest, with its error band.
"""
    DEFAULT_CSS = """
    HomesDialog > Vertical {
        width: 56;
        & > Horizontal { align-horizontal: left; }
        & > Horizontal > Button { margin: 0 1 1 0; min-width: 10; }
        & > Static.-wrong { color: $text-error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [bind("homes-dialog-close", "leave")]

    def __init__(self, homes: int, expected_s: Callable[[str, int], float]) -> None:
        super().__init__("Homes of the largest fleet")
        self._homes, self._expected_s = homes, expected_s

    def compose_box(self) -> ComposeResult:
        with Horizontal():
            for count in CHOICES:
                yield Button(count_text(count), id=f"homes-{count}", compact=True)
        yield WholePasteInput(str(self._homes), type="integer", max_length=_DIGITS)
        yield Static("", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(int((event.button.id or "").removeprefix("homes-")))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        homes = _homes(event.value)
        said = self.query_one("HomesDialog > Vertical > Static", Static)
        said.set_class(homes is None, "-wrong")
        if homes is None:
            said.update(f"Type a number from 1 to {count_text(MOST_HOMES)}.")
            return
        room = bytes_text(READING_BYTES * 2 * YEAR_READINGS * homes)
        fleet, crowd = (duration_text(self._expected_s(k, homes)) for k in ("fleet", "cardinality"))
        said.update(
            f"Enter takes it. Fleet: about {fleet}, up to {room} of disk; cardinality: {crowd}."
        )

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        homes = _homes(event.value)
        if homes is not None:
            self.dismiss(homes)


class ReportDialog(Dialog[None]):
    """Asks where the report goes, and writes it."""

    PLACE = "Report"
    HELP = """
## Report

All that was measured, with its conditions, plots and tables: as Markdown where the name ends in
`.md`, as one HTML file without scripts where it ends in `.html`. `~` is your home folder. A file of
that name is replaced.
"""
    DEFAULT_CSS = """
    ReportDialog > Vertical > Static { margin: 1 0 0 0; color: $text-muted; }
    ReportDialog > Vertical > Static.-wrong { color: $text-error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [bind("report-dialog-close", "leave")]

    def __init__(self, results: tuple[Result, ...]) -> None:
        super().__init__("Write the report")
        self._results = results

    def compose_box(self) -> ComposeResult:
        yield WholePasteInput(f"~/linky-tui-laboratory-{today()}.html", max_length=500)
        yield Static("Enter writes it: Markdown (.md) or HTML (.html).", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        path = _path(event.value)
        if path is None or path.suffix not in ENDINGS:
            self._wrong("The name has to end in .md or .html.")
        else:
            self._write(path)

    @work(group="report", exclusive=True, exit_on_error=False)
    async def _write(self, path: Path) -> None:
        def write() -> None:
            check_place(path)
            write_report(path, [shown(each) for each in self._results])

        try:
            await asyncio.to_thread(write)
        except LinkyError as error:
            self._wrong(error.cause)
            return
        self.app.notify(f"The report is {plain(str(path))}.", markup=False)
        if self.is_current:
            self.dismiss(None)

    def _wrong(self, text: str) -> None:
        said = self.query_one("ReportDialog > Vertical > Static", Static)
        said.update(text)
        said.add_class("-wrong")


def _homes(text: str) -> int | None:
    return int(text) if text.isdecimal() and 1 <= int(text) <= MOST_HOMES else None


def _path(text: str) -> Path | None:
    try:
        return Path(text.strip()).expanduser().absolute()
    except (RuntimeError, ValueError):  # there is no such user
        return None
