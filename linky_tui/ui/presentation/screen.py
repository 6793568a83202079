"""The comparison in large figures, for a projector: whole at 80x24, so that fonts can be large."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Digits, Static

from linky_tui.text.formatting import NOTHING, percent_text, plain, things
from linky_tui.ui.comparison.panel import LiveComparison
from linky_tui.ui.comparison.size_bars import SizeBars, two_bars
from linky_tui.ui.shell.bindings import SCREENSHOT_KEY, bind
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.dialogs import Dialog
from linky_tui.words.comparison import SETTLING, sameness

if TYPE_CHECKING:
    from linky_tui.storage.compare.stats import Comparison
    from linky_tui.ui.shell.comparison_state import Snapshot

_UNKNOWN = "-"
_FIGURES = ("data", "storage", "indexes", "total", "regular", "timeseries")


class LargeFigure(Vertical):
    """A figure of three rows under what it is."""

    DEFAULT_CSS = """
    LargeFigure {
        width: 1fr;
        height: 4;
        Static { width: 100%; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        Digits { width: 100%; text-style: bold; color: $text-primary; }
        &.-saved Digits { color: $text-success; }
        &.-unknown Digits { color: $text-muted; }
    }
    """

    def show(self, label: str, figure: str) -> None:
        self.query_one(Static).update(label)
        self.query_one(Digits).update(figure.replace(" ", "").replace(NOTHING, _UNKNOWN))
        self.set_class(figure == NOTHING, "-unknown")

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)
        yield Digits("")


class LargeComparison(LiveComparison):
    """What is saved, the bytes of a reading, and both sizes as bars."""

    DEFAULT_CSS = """
    LargeComparison {
        height: 1fr;
        #facts { height: 1; text-style: bold; }
        Horizontal { height: 1fr; min-height: 4; align-vertical: middle; }
        SizeBars { height: 2fr; }
    }
    """

    def compose_figures(self) -> ComposeResult:
        yield Static("", id="facts", markup=False)
        with Horizontal():
            for name in _FIGURES[:4]:
                yield LargeFigure(id=f"large-{name}", classes="-saved")
        with Horizontal():
            for name in _FIGURES[4:]:
                yield LargeFigure(id=f"large-{name}")
        yield SizeBars(thickest=8)

    def show(self, snapshot: Snapshot) -> None:
        comparison = snapshot.comparison
        self.query_one("#facts", Static).update(_facts(comparison))
        for name, (label, figure) in zip(_FIGURES, large_figures(comparison), strict=True):
            self.query_one(f"#large-{name}", LargeFigure).show(label, figure)
        self.query_one(SizeBars).show(two_bars(comparison))


class Presentation(Dialog[None]):
    """Over the whole terminal, and as live as the page below it."""

    app = getters.app(AppCore)
    PLACE = "Presentation"
    CLICK_LEAVES = False
    HELP = """
## Presentation

The comparison for a projector. It is whole at 80 columns and 24 lines, so make the font of the
terminal as large as that allows (often `Ctrl` and `+`).

- **Saved** by the time series collection: of the data, of the storage that it takes in the files,
  of the indexes and of both together. A dash, and *settling*, where it is not known yet.
- **Bytes a reading**: the data of each collection, divided by its readings.
- **Bars**: what both take on disk, drawn to one scale.
"""
    WORDS = ("settling", "identical", "snappy, zstd")
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("present.close", "leave"),
        SCREENSHOT_KEY,
    ]
    DEFAULT_CSS = """
    Presentation > Vertical {
        width: 100%;
        max-width: 100%;
        height: 100%;
        max-height: 100%;
        padding: 0 1;
    }
    """

    def __init__(self) -> None:
        super().__init__("The same data, stored twice")
        self._figures = LargeComparison()

    def compose_box(self) -> ComposeResult:
        yield self._figures

    def on_mount(self) -> None:
        self.tell_keys("present.close", self.app.config.keys)

    def on_screen_resume(self) -> None:
        self._figures.soon()


def large_figures(comparison: Comparison) -> list[tuple[str, str]]:
    """What is said above each figure, and the figure: four savings, two sizes of a reading."""
    saved, state = comparison.saved, " saved" if comparison.settled else f": {SETTLING}"
    sizes = (comparison.regular, comparison.timeseries)
    return [
        ("data saved", percent_text(saved.data)),
        (f"storage{state}", percent_text(saved.storage)),
        (f"indexes{state}", percent_text(saved.index)),
        (f"total{state}", percent_text(saved.total)),
        *(
            (
                f"bytes a reading, {plain(size.name, 20)}",
                NOTHING if size.bytes_per_reading is None else f"{size.bytes_per_reading:,.1f}",
            )
            for size in sizes
        ),
    ]


def _facts(comparison: Comparison) -> str:
    return (
        f"{things(comparison.regular.readings, 'reading')}, {sameness(comparison)}, "
        f"in MongoDB {plain(comparison.server_version, 20)}"
    )
