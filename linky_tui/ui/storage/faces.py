"""The two faces of the storage page, and the help of the laboratory's."""

from __future__ import annotations

from rich.text import Text
from textual import getters
from textual.events import Click
from textual.widget import Widget

from linky_tui.ui.shell.bindings import key_label
from linky_tui.ui.shell.core import AppCore
from linky_tui.words.help import Help

FACES = ("Comparison", "Laboratory")
_HELP = """
## The laboratory

What time series collections save, why, and at the size of a country: measured, never guessed. Each
experiment runs on a MongoDB of its own in a new folder, which is dropped at the end, so nothing of
yours is touched, and everything else goes on meanwhile.

- **List**: what has been measured, when, and in how long; what has not, how long it will take.
- **Result**: one sentence that is computed from the figures, plots, tables, and under what it was
  measured. Results are kept until the same experiment runs again.
- **Fleets** are simulated homes; more of them take longer and make the extrapolation surer.

Pausing keeps the server; stopping drops it, and what that experiment had measured. The report is
what you would publish: Markdown, or one HTML file.
"""


def laboratory_help() -> Help:
    """What F1 shows there."""
    return Help("Storage", _HELP, ("bucket", "granularity", "snappy, zstd", "_id"))


class FaceBar(Widget):
    """Both names, the shown one lit, the other one with its key; a click switches, too."""

    app = getters.app(AppCore)
    COMPONENT_CLASSES = {"faces--shown"}  # noqa: RUF012
    DEFAULT_CSS = """
    FaceBar {
        height: 1;
        padding: 0 1;
        color: $text-muted;
        pointer: pointer;
        .faces--shown { color: $text-accent; text-style: bold underline; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="faces")
        self._laboratory = False

    def show(self, *, laboratory: bool) -> None:
        self._laboratory = laboratory
        self.refresh()

    def on_mount(self) -> None:
        self.app.lab_changed.subscribe(self, lambda _: self.refresh())

    async def on_click(self, event: Click) -> None:
        event.stop()
        await self.screen.run_action("face")

    def render(self) -> Text:
        key = key_label(self.app, "storage-face", self.app.config.keys)
        shown = self.get_component_rich_style("faces--shown")
        line = Text(no_wrap=True)
        for number, name in enumerate(FACES):
            line.append("   " if number else "")
            lit = self._laboratory == bool(number)
            line.append(name if lit else f"{key} {name}", shown if lit else "")
        state = self.app.lab.state
        if state.busy and not self._laboratory:
            share = state.progress.share if state.progress else 0.0
            line.append(f"  {'paused' if state.paused else 'runs'}, {share:.0%}")
        return line
