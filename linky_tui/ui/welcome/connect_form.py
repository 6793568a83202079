"""Connecting one's own Linky: a token, its meters, and off it goes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from rich.segment import Segment
from rich.style import Style
from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Button, Input, Label, SelectionList, Static
from textual.widgets.selection_list import Selection

from linky_tui.config import Config, Meter
from linky_tui.config.model import METERS
from linky_tui.config.save import save
from linky_tui.errors import LinkyError
from linky_tui.ui.forms.draft import file_config, file_text, problem_of
from linky_tui.ui.forms.fields import Field, say
from linky_tui.ui.forms.token_report import WHERE, report_token
from linky_tui.ui.shell.core import AppCore

GET_TOKEN = f"Open {WHERE} in a browser, sign in to Enedis from there, and copy the token it shows."
HOURLY = (
    "On enedis.fr, switch on the recording and the collection of hourly consumption: without "
    "both there are daily totals only."
)
WHAT_FOLLOWS = (
    "Next: fetch up to 3 years of daily totals (3 to 5 requests a meter) and two years of "
    "half-hours (up to 105). You can leave at any time; it goes on where it stopped."
)


class TickList(SelectionList[str]):
    """A list whose ticks are told apart without colours: ``[x]`` and ``[ ]``."""

    def render_line(self, y: int) -> Strip:
        line = super().render_line(y)
        number = self.scroll_offset.y + y
        if number >= self.option_count or len(line) < 3:
            return line
        ticked = self.get_option_at_index(number).value in self.selected
        box, style = "[x]" if ticked else "[ ]", self.rich_style + Style(meta={"option": number})
        return Strip([Segment(box, style), *line.crop(len(box))])


class ConnectForm(VerticalScroll):
    """Token, meters, name; saves them and says so."""

    app = getters.app(AppCore)

    DEFAULT_CSS = """
    ConnectForm {
        height: auto;
        max-height: 100%;
        padding: 1 2 0 2;
        .step { text-style: bold; color: $text-primary; }
        .step-body { margin: 0 0 1 3; height: auto; }
        #connect-report { margin: 0 0 1 3; }
        .connect-field { margin: 0 0 0 3; height: auto; }
        .connect-field .field-label { width: 8; }
        #field-connect-token { margin-bottom: 0; }
        #field-connect-token .field-name { display: none; }
        SelectionList {
            height: auto;
            max-height: 6;
            margin: 0 0 1 3;
            padding: 0;
            border: none;
            background: transparent;
        }
        SelectionList:focus { border: none; }
        #connect-buttons { height: auto; margin: 0 0 1 3; }
        #connect-buttons Button { margin-right: 2; }
        #connect-buttons Static { width: 1fr; padding: 1 0; height: auto; }
    }
    """

    class Left(Message):
        """The user wants the doors again."""

    class Saved(Message):
        """The configuration was written."""

    _offered: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield Label("1  Get a token", classes="step")
        yield Static(f"{GET_TOKEN}\n{HOURLY}", classes="step-body", markup=False)
        yield Label("2  Paste it here", classes="step")
        with Horizontal(classes="connect-field"):
            yield Field("connect", METERS.key("token"))
        yield Static(id="connect-report", markup=False)
        yield Label("3  Choose your meters", classes="step")
        yield Static(
            "They appear here as soon as there is a token.",
            id="connect-none",
            classes="step-body muted",
            markup=False,
        )
        yield TickList(id="connect-prms")
        with Horizontal(classes="connect-field"):
            yield Field("connect", METERS.key("name"))
        yield Label("4  Save and fetch", classes="step", id="connect-last")
        yield Static(id="connect-next", classes="step-body", markup=False)
        with Horizontal(id="connect-buttons"):
            yield Button("Save and fetch", variant="primary", id="connect-save", disabled=True)
            yield Button("Back", id="connect-back")

    def on_mount(self) -> None:
        for field in self.query(Field):
            field.load("")
        path = file_text(self.app.config.path)
        self.query_one("#connect-next", Static).update(
            f"Saves {path}, which only you can read. {WHAT_FOLLOWS}"
        )
        self._judge()

    def start(self) -> None:
        self._token_field.query_one(Input).focus()

    @property
    def _token_field(self) -> Field:
        return self.query_one("#field-connect-token", Field)

    @property
    def _name_field(self) -> Field:
        return self.query_one("#field-connect-name", Field)

    @property
    def _prm_list(self) -> SelectionList[str]:
        return self.query_one("#connect-prms", SelectionList)

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.stop()
        if event.field is self._token_field:
            offered = report_token(self._token_field.text).prms
            if offered != self._offered:
                self._offered = offered
                self._prm_list.clear_options()
                self._prm_list.add_options([Selection(prm, prm, True) for prm in offered])
                self._prm_list.highlighted = 0 if offered else None
        self._judge()

    @on(SelectionList.SelectedChanged)
    def _selected(self, event: SelectionList.SelectedChanged[str]) -> None:
        event.stop()
        self._judge()

    def _judge(self) -> None:
        report = report_token(self._token_field.text)
        say(self.query_one("#connect-report", Static), report.line, report.level)
        chosen = self._prm_list.selected
        self.query_one("#connect-none").display = not report.prms
        self._prm_list.display = bool(report.prms)
        self._name_field.parent.display = len(chosen) == 1  # type: ignore[union-attr]
        name_problem = problem_of(METERS.key("name"), self._name_field.text)
        self._name_field.say(name_problem)
        usable = report.level in ("good", "warn") and bool(chosen) and not name_problem
        self.query_one("#connect-save", Button).disabled = not usable

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        button = self.query_one("#connect-save", Button)
        if not button.disabled:
            button.focus()

    @on(Button.Pressed, "#connect-back")
    def _back(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.Left())

    @on(Button.Pressed, "#connect-save")
    def _save(self, event: Button.Pressed) -> None:
        event.stop()
        event.button.disabled = True
        chosen = self._prm_list.selected
        name = self._name_field.text.strip() if len(chosen) == 1 else ""
        token = str(METERS.key("token").from_text(self._token_field.text))
        self._write(tuple(Meter(prm, token, name) for prm in chosen))

    @work(group="connect-form", exit_on_error=False)
    async def _write(self, meters: tuple[Meter, ...]) -> None:
        try:
            await asyncio.to_thread(_add_meters, self.app.config, meters, demo=self.app.demo)
        except LinkyError as error:
            self.app.show_error(error)
        else:
            self._token_field.load("")  # it is in the file now, and nowhere else
            self.post_message(self.Saved())
        self._judge()


def _add_meters(config: Config, meters: tuple[Meter, ...], *, demo: bool) -> None:
    found = file_config(config, demo=demo)
    new = {meter.series for meter in meters}
    kept = tuple(meter for meter in found.meters if meter.prm and meter.series not in new)
    save(replace(found, meters=(*kept, *meters)))
