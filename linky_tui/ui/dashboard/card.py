"""One figure of the dashboard in a box: what it is, how much, compared with what."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from linky_tui.text.formatting import NOTHING
from linky_tui.ui.dashboard.figures import Figure


class FigureCard(Vertical):
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
        Static { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        .figure { text-style: bold; color: $text-primary; }
        .comparison { color: $text-muted; }
        &.-lacking .figure { color: $text-muted; }
        &.-lacking .comparison { text-style: italic; }
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
        super().__init__(id=id)
        self.border_title = title
        self.tooltip = explanation
        self._page = page
        self._value = Static("", classes="figure", markup=False)
        self._comparison = Static("", classes="comparison", markup=False)

    def compose(self) -> ComposeResult:
        yield self._value
        yield self._comparison

    def show(self, figure: Figure) -> None:
        self._value.update(figure.value_text)
        self._comparison.update(figure.comparison_text or figure.reason)
        self.border_subtitle = figure.span_text
        self.set_class(figure.value_text == NOTHING, "-lacking")

    def on_click(self, event: Click) -> None:
        event.stop()
        self.post_message(self.Opened(self._page))
