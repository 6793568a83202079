"""One figure of the dashboard in a box: what it is, how much, compared with what."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.events import Click
from textual.message import Message

from linky_tui.text.formatting import NOTHING
from linky_tui.ui.dashboard.figure import Figure
from linky_tui.ui.shell.page import Said


class FigureCard(Said):
    """A card that explains itself under the mouse; clicking it opens the page that says more."""

    DEFAULT_CSS = """
    FigureCard {
        height: 4;
        border: round $primary 60%;
        border-title-color: $text;
        border-title-style: bold;
        border-subtitle-color: $text-muted;
        padding: 0 1;
        &:hover { border: round $accent; }
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    @dataclass
    class Opened(Message):
        """A card was clicked."""

        page: str

    def __init__(
        self,
        title: str,
        explanation: str,
        page: str,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(_lines(NOTHING, ""), id=id)
        self.border_title = title
        self.tooltip = explanation
        self._page = page

    def show(self, figure: Figure) -> None:
        self.update(_lines(figure.value_text, figure.comparison_text or figure.reason))
        self.border_subtitle = figure.span_text

    def on_click(self, event: Click) -> None:
        event.stop()
        self.post_message(self.Opened(self._page))


def _lines(value: str, comparison: str) -> Content:
    lacking = value == NOTHING
    return Content.assemble(
        (value, "bold $text-muted" if lacking else "bold $text-primary"),
        "\n",
        (comparison, "italic $text-muted" if lacking else "$text-muted"),
    )
