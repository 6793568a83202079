"""The report as a file: Markdown or HTML, by the ending of its name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from linky_tui.errors import LinkyError, Side, UsageError
from linky_tui.lab.report.blocks import Shown
from linky_tui.lab.report.html import html
from linky_tui.lab.report.markdown import markdown
from linky_tui.system.own_files import why
from linky_tui.text.formatting import plain

ENDINGS = (".md", ".html")


def check_place(path: Path) -> None:
    """Look whether the report can be written, before hours are spent on it.

    Raises:
        UsageError: it cannot be written there.
    """
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(
            "The report cannot be written",
            f"{plain(str(path))} is a folder, or it lies in none that can be written to.",
            "Name a file such as lab.md or lab.html in a folder that exists.",
        )


def write_report(path: Path, parts: Iterable[Shown]) -> None:
    """Write it, in place of what stood there.

    Raises:
        LinkyError: it cannot be written.
    """
    text = html(parts) if path.suffix == ".html" else markdown(parts)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LinkyError(
            "The report could not be written",
            f"{why(error, path)}.",
            "The results are kept; choose another place.",
            sides=(Side.YOURS,),
        ) from None
