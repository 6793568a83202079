"""The keys of the laboratory; the page has the actions."""

from __future__ import annotations

from linky_tui.ui.shell.bindings import bind

STOP = bind("storage-cancel", "cancel")
LAB_KEYS = [
    bind("lab-run-all", "lab('run_all')"),
    bind("lab-pause", "lab('pause')"),
    bind("lab-homes", "lab('choose_homes')"),
    bind("lab-report", "lab('write_report')"),
]
"""They work wherever the focus is, and stand in the footer while it is in the laboratory."""
