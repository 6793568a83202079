"""What is copied from a page: tables of texts as Markdown, of exact figures as CSV.

Markdown says it as the screen does. CSV is for programs: sizes in bytes, what is saved as a
fraction, times in ISO 8601, and an empty field for what is not known.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from linky_tui.lab.report.blocks import Table
from linky_tui.lab.report.markdown import escaped, table_lines
from linky_tui.words.comparison import caption, comparison_rows, detail_rows, honest_note

if TYPE_CHECKING:
    from linky_tui.storage.compare.stats import Comparison


class Form(StrEnum):
    """How a table is copied."""

    MARKDOWN = "Markdown"
    CSV = "CSV"


@dataclass(frozen=True, slots=True)
class Copyable:
    """Something on a page that can be copied."""

    title: str  # what it is
    text: Callable[[Form], str]  # its text, made when it is wanted


def as_text(table: Table, form: Form, note: str = "") -> str:
    """A table in a form; title and note are left out of CSV."""
    if form is Form.MARKDOWN:
        return "\n".join([*table_lines(table), *(["", escaped(note)] if note else []), ""])
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([table.head, *table.rows])
    return out.getvalue()


def exact(number: float | None) -> str:
    """A figure for a program, without thousands separators; empty where it is not known."""
    return "" if number is None else f"{number:.10g}" if isinstance(number, float) else str(number)


def comparison_text(comparison: Comparison, form: Form) -> str:
    """The comparison, with everything that the Storage page shows."""
    one, two = comparison.regular, comparison.timeseries
    title = f"The same data, stored twice, in MongoDB {comparison.server_version}"
    head = ("", one.name, two.name, "saved")
    if form is Form.CSV:
        return as_text(Table(title, ("figure", *head[1:]), _exact_rows(comparison)), form)
    rows = [*comparison_rows(comparison), *detail_rows(comparison)]
    table = Table(
        title, head, tuple((f"{row.label} {row.field}".strip(), *row.cells) for row in rows)
    )
    return as_text(table, form, f"{caption(comparison)} {honest_note(comparison)}")


def _exact_rows(comparison: Comparison) -> tuple[tuple[str, ...], ...]:
    one, two, saved = comparison.regular, comparison.timeseries, comparison.saved
    figures: list[tuple[str, float | None, float | None, float | None]] = [
        ("readings", one.readings, two.readings, None),
        ("data_bytes", one.data_bytes, two.data_bytes, saved.data),
        ("bytes_per_reading", one.bytes_per_reading, two.bytes_per_reading, None),
        ("buckets", None, comparison.buckets, None),
        ("readings_per_bucket", None, comparison.readings_per_bucket, None),
    ]
    if comparison.settled:
        figures += [
            ("storage_bytes", one.storage_bytes, two.storage_bytes, saved.storage),
            ("index_bytes", one.index_bytes, two.index_bytes, saved.index),
            ("total_bytes", one.total_bytes, two.total_bytes, saved.total),
            ("id_index_bytes", one.id_index_bytes, two.id_index_bytes, None),
            ("reusable_bytes", one.reusable_bytes, two.reusable_bytes, None),
        ]
    else:
        names = ("storage_bytes", "index_bytes", "total_bytes", "id_index_bytes", "reusable_bytes")
        figures += [(name, None, None, None) for name in names]
    return tuple((name, *map(exact, numbers)) for name, *numbers in figures)
