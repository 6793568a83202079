"""The top of the Backfill page: the plan, how far back, the buttons, the bar, the counts."""

from __future__ import annotations

from datetime import date

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input, Label, ProgressBar, Static

from linky_tui.domain.coverage import first_askable
from linky_tui.domain.paris import today as paris_today
from linky_tui.text.dates import DAY_EXAMPLES, short_date_text
from linky_tui.ui.backfill.plan import since_of, since_problem
from linky_tui.ui.backfill.track import Track
from linky_tui.ui.forms.pasting import WholePasteInput


class BackfillControls(Vertical):
    """What is going to be asked, and what is being asked."""

    DEFAULT_CSS = """
    BackfillControls {
        height: auto;
        #status, #counts, #gaps { height: auto; width: 1fr; }
        #status.-problem { color: $text-error; }
        #gaps { color: $foreground-muted; display: none; }
        #gaps.-shown { display: block; }
        Horizontal { height: auto; }
        #since-label { width: auto; margin: 0 1 0 0; }
        #since { width: 17; margin: 0 3 0 0; }
        Button { margin: 0 2 0 0; min-width: 11; }
        ProgressBar { width: 1fr; }
        Bar { width: 1fr; }
        #eta { width: auto; margin: 0 0 0 2; }
    }
    """

    class SinceChanged(Message):
        """Another day to go back to."""

    def __init__(self, *, id: str, classes: str) -> None:  # noqa: A002 - as every widget has it
        super().__init__(id=id, classes=classes)
        self._said: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield Static("Reading what is stored.", id="status", markup=False)
        with Horizontal():
            yield Label("Back to", id="since-label")
            yield WholePasteInput(
                short_date_text(first_askable(paris_today())),
                placeholder="26 Nov 2026",
                compact=True,
                id="since",
                tooltip=f"The oldest day to ask for: {DAY_EXAMPLES}",
            )
            yield Button("Start", id="run", variant="primary", compact=True, tooltip="Key: r")
            yield Button("Pause", id="pause", compact=True, tooltip="Key: p")
            yield Button("Stop", id="stop", compact=True, tooltip="Key: x")
        with Horizontal():
            yield ProgressBar(show_eta=False, id="bar")
            yield Static(id="eta", markup=False)
        yield Static(id="counts", markup=False)
        yield Static(id="gaps", markup=False)

    @property
    def problem(self) -> str:
        """What is wrong with the day to go back to, or an empty text."""
        return since_problem(self.query_one("#since", Input).value, paris_today())

    @property
    def since(self) -> date | None:
        """The day to go back to, ``None`` for all that there is or where it is not valid."""
        if self.problem:
            return None
        return since_of(self.query_one("#since", Input).value, paris_today())

    @on(Input.Changed, "#since")
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.SinceChanged())

    @on(Input.Submitted, "#since")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.problem:
            self.show_since(self.since)
            self.query_one("#run", Button).focus()

    def show_since(self, since: date | None) -> None:
        day = since or first_askable(paris_today())
        self.query_one("#since", Input).value = short_date_text(day)

    def say(self, status: str, eta: str, counts: str, gaps: list[str]) -> None:
        problem = self.problem  # in the place of the plan, so that nothing below it moves
        self._say("#status", f"✗ {problem}" if problem else status)
        self.query_one("#status").set_class(bool(problem), "-problem")
        self._say("#eta", eta)
        self._say("#counts", counts)
        self._say("#gaps", "\n".join(gaps))

    def progress(self, track: Track) -> None:
        self.query_one(ProgressBar).update(total=max(track.total, 1), progress=track.done)

    def enable(self, *, run: bool, pause: bool, stop: bool, run_label: str) -> None:
        for name, able in (("run", run), ("pause", pause), ("stop", stop)):
            self.query_one(f"#{name}", Button).disabled = not able
        self.query_one("#run", Button).label = run_label

    def _say(self, where: str, text: str) -> None:
        widget = self.query_one(where, Static)
        before = self._said.get(where, "")
        if text == before:
            return
        self._said[where] = text
        # A layout for each window that lands would cost more than all the rest.
        one_line = max(len(before), len(text)) <= widget.size.width and "\n" not in before + text
        widget.update(Text(text), layout=not one_line or not before or not text)
        widget.set_class(bool(text), "-shown")
