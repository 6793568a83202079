"""A document beside its bucket: one reading as both collections store it, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from linky_tui.domain.models import Series
from linky_tui.storage.lab.inside import Inside, StoredField, inside
from linky_tui.storage.store import Store
from linky_tui.text.formatting import bytes_text, count_text, moment_text, utc_text
from linky_tui.ui.laboratory.fitted import FittedTable
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.dialogs import Dialog, copied_text

_WIDE_CELLS = 130
CLOSED_AFTER = timedelta(days=32)
"""A bucket spans 30 days at the most."""


class InsideDialog(Dialog[None]):
    """First a reading whose bucket is full; the keys go to the one before and after."""

    app = getters.app(AppCore)
    PLACE = "Inside"
    HELP = """
## A document beside its bucket

The same reading twice: as a document of the regular collection, and inside the bucket of the time
series collection that holds it. Nothing is written.

- **Bytes** are those of a field with its name, before the files are compressed.
- `control` says what the bucket holds: the least and the greatest of each field, how many readings,
  in which version it is compressed. `meta` is the meter, said once for all of them.
- `data` has a column for each field. A compressed one holds all its values in a few bytes.
"""
    WORDS = ("bucket", "_id")
    DEFAULT_CSS = """
    InsideDialog > Vertical {
        width: 100%;
        max-width: 150;
        height: 96%;
        padding: 0 1;
        & > Static { margin: 0; }
        #inside-tables { height: 1fr; layout: vertical; }
        #inside-tables > Vertical { width: 1fr; height: 1fr; }
        #inside-tables #inside-document { height: auto; max-height: 50%; }
        #inside-tables Fields { height: 1fr; }
        #inside-tables #inside-document Fields { height: auto; max-height: 100%; }
        .inside-head { text-style: bold; color: $text-primary; height: 1; }
        #inside-note { color: $text-warning; }
    }
    InsideDialog.-side #inside-tables { layout: horizontal; }
    InsideDialog.-side #inside-tables #inside-document {
        height: 1fr;
        max-height: 100%;
        width: 9fr;
    }
    InsideDialog.-side #inside-tables #inside-bucket { width: 11fr; margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("inside-close", "leave"),
        bind("inside-before", "step(-1)"),
        bind("inside-after", "step(1)"),
        bind("inside-copy", "copy"),
    ]

    def __init__(self, series: Series) -> None:
        super().__init__("One reading, stored twice")
        self._series = series
        self._found: Inside | None = None

    def compose_box(self) -> ComposeResult:
        yield Static("Reading it.", id="inside-what", markup=False)
        with Horizontal(id="inside-tables"):
            for name in ("document", "bucket"):
                with Vertical(id=f"inside-{name}"):
                    yield Static("", classes="inside-head", markup=False)
                    yield Fields()
        yield Static("", id="inside-note", markup=False)
        with Horizontal():
            yield Button("◀ Before", id="before", compact=True)
            yield Button("After ▶", id="after", compact=True)
            yield Button("Copy", id="copy", compact=True)
            yield Button("Close", id="leave", compact=True, variant="primary")

    def on_mount(self) -> None:
        self.set_class(self.app.size.width >= _WIDE_CELLS, "-side")
        self.query_one("#inside-note").display = False
        self.query_one("#inside-bucket Fields").focus()
        self._ask(None, 0)

    @on(Button.Pressed, "#before")
    def _before(self) -> None:
        self.action_step(-1)

    @on(Button.Pressed, "#after")
    def _after(self) -> None:
        self.action_step(1)

    def action_step(self, step: int) -> None:
        if self._found is not None:
            self._ask(self._found.start, step)

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        if self._found is not None:
            self.app.copy_to_clipboard(as_text(self._found))
            self.notify(copied_text("Both"), timeout=5)

    def _ask(self, start: datetime | None, step: int) -> None:
        series = self._series

        def ask(store: Store) -> Inside | None:
            names = store.readings.regular.name, store.readings.timeseries.name
            found = inside(store.connection.database, *names, series, start, step)
            if found is None or start is not None:
                return found
            # The newest bucket is open, and not compressed before it is full.
            older = found.start - CLOSED_AFTER
            return inside(store.connection.database, *names, series, older)

        self.app.query_store(self, ask, self._show, group="inside")

    def _show(self, found: Inside | None) -> None:
        what = self.query_one("#inside-what", Static)
        if found is None:
            if self._found is None:
                what.update("Nothing is stored of this meter yet.")
            else:
                self.notify("There is no further reading.", timeout=3)
            return
        self._found = found
        what.update(_when(found))
        for name, head, fields in zip(
            ("document", "bucket"), _heads(found), (found.document, found.bucket), strict=True
        ):
            self.query_one(f"#inside-{name} .inside-head", Static).update(head)
            self.query_one(f"#inside-{name} Fields", Fields).show(fields)
        note = self.query_one("#inside-note", Static)
        note.update(found.note)
        note.display = bool(found.note)


class Fields(VerticalScroll, can_focus=True):
    """Fields with what they are, how many bytes they take, and what they say."""

    def compose(self) -> ComposeResult:
        yield FittedTable(("field", "bytes", "value", "type"), left=(0, 2, 3))

    def show(self, fields: Sequence[StoredField]) -> None:
        self.query_one(FittedTable).show(
            [(each.name, count_text(each.size_bytes), each.value, each.kind) for each in fields]
        )

    # Left and right go to other readings.

    def action_scroll_left(self) -> None:
        self.screen.action_step(-1)  # type: ignore[attr-defined]

    def action_scroll_right(self) -> None:
        self.screen.action_step(1)  # type: ignore[attr-defined]


def _when(found: Inside) -> str:
    paris = moment_text(found.start)
    return f"The reading of {paris} (Paris), stored as {utc_text(found.start)}"


def _heads(found: Inside) -> tuple[str, str]:
    document = f"Document: {bytes_text(found.document_bytes)} for one reading"
    if found.bucket_bytes is None:
        return document, "Bucket: none to show"
    bucket = f"Bucket: {bytes_text(found.bucket_bytes)}"
    if found.bucket_readings:
        each = found.bucket_bytes / found.bucket_readings
        bucket += f" for {count_text(found.bucket_readings)} readings, {each:,.1f} B each"
    return document, bucket


def as_text(found: Inside) -> str:
    """Both as lines of text."""
    lines = [_when(found)]
    for head, fields in zip(_heads(found), (found.document, found.bucket), strict=True):
        lines += ["", head]
        width = max((len(each.name) for each in fields), default=0)
        lines += [
            f"{each.name.ljust(width)}  {each.size_bytes:>6,} B  {each.kind}: {each.value}"
            for each in fields
        ]
    return "\n".join([*lines, *(["", found.note] if found.note else [])])
