"""The dialog for one meter: its token, its PRM, its name, its direction."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Select, Static

from linky_tui.config.model import METERS
from linky_tui.domain.models import DailyTotal, Flow, Series
from linky_tui.errors import LinkyError
from linky_tui.ingest.totals import try_token
from linky_tui.text.formatting import count_text, day_text, kwh_text, things
from linky_tui.ui.forms.draft import Texts, meter_problems
from linky_tui.ui.forms.fields import Field, say
from linky_tui.ui.forms.guide import FieldGuide
from linky_tui.ui.forms.token_report import report_token
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.dialogs import ConfirmDialog, Dialog

if TYPE_CHECKING:
    from linky_tui.ingest.requests.run import RequestRun

T = TypeVar("T")
_ORDER = ("token", "prm", "name", "flow")


class MeterDialog(Dialog[Texts]):
    """Add or edit a meter; gives its texts. No two meters have one PRM and one direction."""

    app = getters.app(AppCore)

    PLACE = "Meter"
    HELP = """
## A meter

- **Token**: from https://conso.boris.sh. It is read on this computer and says which meters it may
  read, and until when. One token can serve several meters.
- **PRM**: which meter. Leave it empty to take the only one of the token.
- **Name**: what screens call it.
- **Flow**: consumption, or production where the home feeds the grid. Both of one meter are two
  entries here.

**Ask Enedis** sends one real request for a week of daily totals, after a question. What is typed
here counts once the settings are saved.
"""
    WORDS = ("token", "PRM", "flow", "request")
    CLICK_LEAVES = False  # what was typed would be lost
    DEFAULT_CSS = """
    MeterDialog {
        & > Vertical { width: 88; max-height: 96%; padding: 1 2 0 2; border-title-style: bold; }
        #meter-fields { height: auto; }
        .field-label { width: 10; }
        #field-meters-token, #field-meters-prm.-offering { margin-bottom: 0; }
        #meter-token { height: 2; margin: 0 0 1 12; }
        #meter-offer { margin: 0 0 1 12; display: none; }
        #meter-offer.-offered { display: block; }
        #meter-offer > SelectCurrent { padding: 0 1 0 2; background: $panel; }
        #meter-answer { min-height: 2; }
        &.-low #meter-answer.-silent, &.-flat #meter-answer.-silent { display: none; }
        #meter-buttons { margin-bottom: 1; }
        #meter-buttons Static { width: 1fr; }
        #meter-buttons Button { margin-left: 2; min-width: 10; }
        #meter-buttons #ask { margin-left: 0; }
        &.-low > Vertical, &.-flat > Vertical { height: 100%; padding: 0 1; }
        &.-low #meter-fields, &.-flat #meter-fields { height: 1fr; }
        &.-low #meter-buttons, &.-flat #meter-buttons { margin: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("meter-cancel", "leave"),
        bind("meter-ok", "take"),
    ]

    def __init__(self, title: str, meter: Texts, others: Iterable[Texts]) -> None:
        super().__init__(title)
        self._meter = dict(meter)
        self._taken = {(other["prm"].strip(), other["flow"]) for other in others}
        self._stop = threading.Event()
        self._asking = False

    def compose_box(self) -> ComposeResult:
        with VerticalScroll(id="meter-fields", can_focus=False):
            for name in _ORDER:
                yield Field(METERS.name, METERS.key(name))
                if name == "token":
                    yield Static(id="meter-token", markup=False)
                if name == "prm":
                    yield Select[str](
                        [], prompt="Choose from the token", id="meter-offer", compact=True
                    )
        yield FieldGuide()
        yield Static(id="meter-answer", classes="-silent", markup=False)
        with Horizontal(id="meter-buttons"):
            yield Button(
                "Ask Enedis (1 request)",
                id="ask",
                compact=True,
                tooltip="One request for a week of daily totals; asks before it is sent",
            )
            yield Static()
            yield Button("Cancel", id="leave", compact=True)
            yield Button("OK", id="ok", variant="primary", compact=True)

    def on_mount(self) -> None:
        for field in self.query(Field):
            field.load(self._meter.get(field.key.name, ""))
        self._offer(fill=False)
        self._judge()

    def on_unmount(self) -> None:
        self._stop.set()

    @on(Field.Changed)
    def _changed(self, event: Field.Changed) -> None:
        event.stop()
        before = self._meter.get(event.field.key.name, "")
        self._meter[event.field.key.name] = event.field.text
        if event.field.key.name != "name" and before != event.field.text:
            self._say("", "muted")  # what was asked was another question
        if event.field.key.name == "token" and before != event.field.text:
            self._offer(fill=True)
        self._judge()

    def _offer(self, *, fill: bool) -> None:
        prms = report_token(self._meter["token"]).prms
        if fill and len(prms) == 1 and not self._meter["prm"].strip():
            self.query_one("#field-meters-prm", Field).load(prms[0])
        offer = self.query_one("#meter-offer", Select)
        offer.set_options([(prm, prm) for prm in prms])
        offer.set_class(len(prms) > 1, "-offered")
        self.query_one("#field-meters-prm", Field).set_class(len(prms) > 1, "-offering")

    @on(Select.Changed, "#meter-offer")
    def _chosen(self, event: Select.Changed) -> None:
        event.stop()
        if isinstance(event.value, str):
            self.query_one("#field-meters-prm", Field).load(event.value)

    def _judge(self) -> dict[str, str]:
        report = report_token(self._meter["token"], self._meter["prm"].strip())
        say(self.query_one("#meter-token", Static), report.line, report.level)
        problems = meter_problems(self._meter)
        pair = (self._meter["prm"].strip(), self._meter["flow"])
        if pair[0] and pair in self._taken:
            problems["prm"] = "Another meter has this PRM and this direction."
        for field in self.query(Field):
            # The line below the token says more about it.
            problem = "" if field.key.name == "token" else problems.get(field.key.name, "")
            field.say(problem if self._meter["token"] or self._meter["prm"] else "")
        can_ask = not problems and report.level in ("good", "warn")
        self.query_one("#ask", Button).visible = can_ask and not self._asking
        return problems

    # Leaving

    @on(Button.Pressed, "#ok")
    def action_take(self) -> None:
        # The key may come before the news of what was typed right before it.
        self._meter |= {field.key.name: field.text for field in self.query(Field)}
        problems = self._judge()
        if not problems:
            self.dismiss({name: text.strip() for name, text in self._meter.items()})
            return
        for field in self.query(Field):
            if field.key.name in problems:
                field.say(problems[field.key.name])
        next(f for f in self.query(Field) if f.key.name in problems).query_one("Input").focus()

    # The one request

    @on(Button.Pressed, "#ask")
    def _asked(self) -> None:
        self._asking = True
        self._judge()
        self._ask()

    @work(group="token-test", exit_on_error=False)
    async def _ask(self) -> None:
        """Send the one request, if that is wanted once one knows what is left of the day's."""
        asked = self._question
        try:
            left = await self._with_requests(lambda requests: requests.manners.left_today)
            if await self.app.push_screen_wait(_confirmation(left)):
                token = self._meter["token"].strip()
                prm = self._meter["prm"].strip() or next(iter(report_token(token).prms), "")
                series = Series(prm, Flow(self._meter["flow"]))
                self._say("Asking the gateway…", "muted")
                found = await self._with_requests(lambda each: try_token(each, series, token))
                if asked == self._question:
                    self._show(found)
        except LinkyError as error:
            if asked == self._question:
                self._say("\n".join((f"✗ {error.title}.", *error.details)), "bad")
        self._asking = False
        self._judge()

    @property
    def _question(self) -> tuple[str, ...]:
        """What an answer of the gateway is about."""
        return tuple(self._meter[name] for name in ("token", "prm", "flow"))

    async def _with_requests(self, ask: Callable[[RequestRun], T]) -> T:
        backend = self.app.backend

        def in_thread() -> T:
            with backend.session.requests(backend.store, self._stop) as requests:
                return ask(requests)

        return await asyncio.to_thread(in_thread)

    def _show(self, found: tuple[DailyTotal, ...]) -> None:
        if not found:
            self._say("! Accepted, but Enedis has no daily totals of the last week.", "warn")
            return
        total = kwh_text(sum(each.energy_wh for each in found))
        days = things(len(found), "day")
        self._say(f"✓ Accepted: {days} up to {day_text(found[-1].day)}, {total}.", "good")

    def _say(self, text: str, level: str) -> None:
        answer = self.query_one("#meter-answer", Static)
        answer.set_class(not text, "-silent")
        say(answer, text, level)


def _confirmation(left: int | None) -> ConfirmDialog:
    left_text = "" if left is None else f" {count_text(left)} are left today."
    return ConfirmDialog(
        "Send a request?",
        "This asks the gateway for the daily totals of the last week, which counts as "
        f"one request.{left_text}",
        yes="Send it",
    )
