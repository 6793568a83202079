"""An input of one line that never cuts what is pasted."""

from __future__ import annotations

from textual.events import Paste
from textual.widgets import Input

from linky_tui.text.formatting import count_text


class WholePasteInput(Input):
    """An input that takes pasted text whole or, aloud, not at all.

    With ``joins_lines`` it holds no blanks, so that several lines are pieces of one text that a
    terminal or a mail has broken.
    """

    joins_lines = False

    def _on_paste(self, event: Paste) -> None:
        event.prevent_default()
        event.stop()
        self._paste(event.text)

    def action_paste(self) -> None:
        self._paste(self.app.clipboard)

    def _paste(self, text: str) -> None:
        lines = [line for line in text.splitlines() if line.strip()]
        whole = "".join(line.strip() for line in lines)
        if len(lines) < 2:
            self.replace("".join(lines), *self.selection)
        elif self.joins_lines and len(whole.split()) == 1:
            self.replace(whole, *self.selection)
        else:
            self.notify(
                f"It has {count_text(len(lines))} lines, and this field holds one. "
                "Copy the one line that belongs here.",
                title="Nothing was pasted",
                severity="warning",
                markup=False,
            )
