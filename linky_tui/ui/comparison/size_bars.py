"""What each way of storing the readings takes, as bars of one scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from linky_tui.text.formatting import bytes_text, percent_text
from linky_tui.words.comparison import SETTLING, compressed

if TYPE_CHECKING:
    from linky_tui.storage.compare.stats import Comparison
    from linky_tui.storage.compare.zstd_copy import ZstdCopy

UNSETTLED = "Settling: MongoDB has still to write it to disk."

_FIGURE_CELLS = 9  # " 1.59 MB"
_STORAGE, _INDEXES = "█", "▒"


@dataclass(frozen=True, slots=True)
class SizeBar:
    """One bar."""

    label: str  # how the readings are stored
    storage_bytes: int = 0  # what the documents take on disk
    index_bytes: int = 0  # what the indexes take
    note: str = ""  # beside the total, such as what it saves
    empty: str = ""  # said instead of a bar that there is nothing for yet

    @property
    def total_bytes(self) -> int:
        return self.storage_bytes + self.index_bytes


def size_bars(comparison: Comparison, copy: ZstdCopy | None) -> list[SizeBar]:
    """The bars of a comparison; ``copy``: the regular documents with zstd, where measured.

    Nothing is drawn before its size on disk is settled.
    """
    one, two = comparison.regular, comparison.timeseries
    if not comparison.settled:
        return [
            SizeBar(compressed(one), empty=UNSETTLED),
            _copy_bar(comparison, copy),
            SizeBar(compressed(two), empty=UNSETTLED),
        ]
    note = f"{percent_text(comparison.saved.total)} saved"
    return [
        SizeBar(compressed(one), one.storage_bytes, one.index_bytes),
        _copy_bar(comparison, copy),
        SizeBar(compressed(two), two.storage_bytes, two.index_bytes, note),
    ]


def two_bars(comparison: Comparison) -> list[SizeBar]:
    """The bars of both collections alone, saying little where nothing can be drawn."""
    one, two = size_bars(comparison, None)[::2]
    return [replace(bar, empty=SETTLING if bar.empty else "") for bar in (one, two)]


def _copy_bar(comparison: Comparison, copy: ZstdCopy | None) -> SizeBar:
    one = comparison.regular
    if copy is None:
        same = one.compressor == "zstd"
        empty = "Regular is zstd already: see above." if same else "Not measured yet: press z."
        return SizeBar(f"{one.name}, copied with zstd", empty=empty)
    label = f"{one.name}, copied with {copy.size.compressor or 'zstd'}"
    if not copy.settled:
        return SizeBar(label, empty="Its size has not settled: press z again.")
    saved = 1 - copy.size.total_bytes / one.total_bytes if one.total_bytes else None
    note = f"{percent_text(saved)} saved" if comparison.settled else ""
    return SizeBar(label, copy.size.storage_bytes, copy.size.index_bytes, note)


class SizeBars(Widget):
    """Each bar under its name, its total and what it saves; a legend below.

    Where its height is given it makes the best of it: thick bars, or each beside its name, or
    nothing.
    """

    DEFAULT_CSS = """
    SizeBars {
        width: 1fr;
        height: auto;
        & > .bars--label { color: $foreground; }
        & > .bars--storage { color: $primary; }
        & > .bars--indexes { color: $secondary; }
        & > .bars--note { color: $text-muted; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "bars--label",
        "bars--storage",
        "bars--indexes",
        "bars--note",
    }

    def __init__(self, *, thickest: int = 3) -> None:
        super().__init__()
        self._thickest = thickest  # rows of a bar, where there is room for more
        self._bars: list[SizeBar] = []

    @property
    def bars(self) -> list[SizeBar]:
        return list(self._bars)

    def show(self, bars: list[SizeBar]) -> None:
        grown = len(bars) != len(self._bars)
        self._bars = bars
        self.refresh(layout=grown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 3 * len(self._bars) + 1 if self._bars else 0

    def render(self) -> Text:
        text = Text(no_wrap=True)
        if not self._bars:
            return text
        label, storage, indexes, muted = (
            self.get_component_rich_style(f"bars--{name}")
            for name in ("label", "storage", "indexes", "note")
        )
        width, height = max(self.size.width, 1), self.size.height
        count = len(self._bars)
        if height < count:
            return text
        most = max(max(bar.total_bytes for bar in self._bars), 1)
        each = (height - 1) // count
        thick, gap = max(1, min(each - 2, self._thickest)), each > 2
        names = max(cell_len(bar.label) for bar in self._bars) + 1
        for bar in self._bars:
            figures = "" if bar.empty else bytes_text(bar.total_bytes)
            if each < 2:  # beside its name
                cells = max(width - names - _FIGURE_CELLS, 1)
                text.append(bar.label.ljust(names), label)
                filled, lighter = _parts(bar, most, cells)
                text.append(bar.empty, muted)
                text.append(filled, storage)
                text.append(lighter, indexes)
                drawn = len(bar.empty or filled + lighter)
                text.append(figures.rjust(width - names - drawn) + "\n", label)
                continue
            figures += f"  {bar.note}" if bar.note else ""
            free = width - cell_len(figures)
            name = Text(bar.label, label)
            name.truncate(max(free - 1, 0), overflow="ellipsis", pad=True)
            text.append(name)
            text.append(figures.rjust(width - name.cell_len) + "\n", label)
            filled, lighter = _parts(bar, most, width)
            for row in range(thick):
                text.append(bar.empty if not row else "", muted)
                text.append(filled, storage)
                text.append(lighter, indexes)
                text.append("\n")
            text.append("\n" if gap else "")
        if each < 2 and height == count:
            text.rstrip()
            return text
        text.append(_STORAGE, storage)
        text.append(" storage   ", muted)
        text.append(_INDEXES, indexes)
        text.append(" indexes", muted)
        return text


def _parts(bar: SizeBar, most: int, cells: int) -> tuple[str, str]:
    """Storage and indexes in whole cells, so that they touch; neither vanishes."""
    indexes = max(1, round(bar.index_bytes / most * cells)) if bar.index_bytes else 0
    storage = max(1, round(bar.storage_bytes / most * cells)) if bar.storage_bytes else 0
    return _STORAGE * min(storage, max(cells - indexes, 0)), _INDEXES * indexes
