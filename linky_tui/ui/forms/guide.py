"""What is to be known of the focused field of a form, in a place that never moves."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from linky_tui.ui.forms.draft import for_form, text_of
from linky_tui.ui.forms.fields import Field


class FieldGuide(VerticalScroll, can_focus=False):
    """Name, default, help or problem of the field that has the focus; else its ``idle`` text.

    Its height is fixed, so that nothing moves under the mouse; a longer text scrolls.
    """

    DEFAULT_CSS = """
    FieldGuide {
        height: 5;
        padding: 0 1;
        border-top: solid $primary 60%;
        border-title-color: $text-muted;
        scrollbar-size-vertical: 1;
        Static { width: 1fr; height: auto; color: $text-muted; }
        Static.-problem { color: $text-error; }
        Static.-note { color: $text-warning; }
    }
    """
    idle: reactive[str] = reactive("", init=False)
    """What it says while no field has the focus."""

    _field: Field | None = None

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def on_mount(self) -> None:
        self.watch(self.screen, "focused", self._focus_moved)

    def watch_idle(self) -> None:
        self._show()

    def _focus_moved(self, focused: Widget | None) -> None:
        nodes = focused.ancestors_with_self if focused is not None else ()
        self._field = next((node for node in nodes if isinstance(node, Field)), None)
        if self._field is not None:
            self.watch(self._field, "said", self._show, init=False)
        self.scroll_home(animate=False)
        self._show()

    def _show(self) -> None:
        field, text = self._field, self.query_one(Static)
        problem, note = field.said if field is not None else ("", "")
        text.set_class(bool(problem), "-problem")
        text.set_class(bool(note and not problem), "-note")
        if field is None:
            self.border_title = None
            text.update(self.idle)
            return
        key = field.key
        self.border_title = Content(f"{key.name} · default: {text_of(key.default) or 'empty'}")
        lines = [f"✗ {problem}"] if problem else [f"! {note}"] if note else []
        text.update("\n".join(lines or [for_form(key.help)]))
