"""The section ``[[meters]]``: the meters as a list, to add, edit, remove, show."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Label, Static

from linky_tui.config.model import METERS
from linky_tui.domain.models import Flow, Series
from linky_tui.text.formatting import plain
from linky_tui.ui.forms.draft import Draft, Texts
from linky_tui.ui.forms.token_report import REFUSED, TokenReport, report_token
from linky_tui.ui.settings.meter_dialog import MeterDialog
from linky_tui.ui.settings.panels import SettingsPanel
from linky_tui.ui.shell.dialogs import ConfirmDialog


class MeterCard(Widget):
    """One meter of the list, with the ``report`` of its token.

    It is ``shown`` on the pages now, or not but ``can_show``.
    """

    DEFAULT_CSS = """
    MeterCard {
        height: auto;
        border: round $primary 60%;
        border-title-style: bold;
        border-title-color: $text;
        border-subtitle-color: $text-success;
        padding: 0 1;
        margin-bottom: 1;
        &:focus-within { border: round $accent; }
        .card-token { width: 1fr; height: auto; }
        .card-buttons { height: 1; margin-top: 1; }
        Button { margin-right: 2; min-width: 8; }
    }
    """

    def __init__(
        self,
        number: int,
        meter: Texts,
        report: TokenReport,
        *,
        shown: bool,
        can_show: bool,
        locked: bool,
    ) -> None:
        super().__init__(id=f"meter-{number}")
        self.number = number
        self._report = report
        self._shown, self._can_show, self._locked = shown, can_show, locked
        prm = meter["prm"] or "PRM from the token"
        name = plain(meter["name"], 60)
        self.border_title = Content(" · ".join(filter(None, [name, prm, meter["flow"]])))
        self.border_subtitle = "● shown on all pages" if shown else ""

    def compose(self) -> ComposeResult:
        report = self._report
        yield Label(report.line, classes=f"card-token {report.level}", markup=False)
        with Horizontal(classes="card-buttons"):
            if not self._locked:
                yield Button("Edit", classes="edit", compact=True)
                yield Button("Remove", classes="remove", compact=True)
            if self._can_show and not self._shown:
                yield Button(
                    "Show on all pages",
                    classes="show",
                    compact=True,
                    tooltip="Dashboard, charts and the rest show this meter; so does the key n",
                )


class MetersPanel(SettingsPanel):
    """All meters of the draft."""

    class Changed(Message):
        """The meters of the draft are others now."""

    @dataclass
    class ShowWanted(Message):
        """A meter is to be shown on all pages."""

        series: Series

    def __init__(self) -> None:
        super().__init__(METERS)
        self._draft: Draft | None = None

    def compose(self) -> ComposeResult:
        yield from self.head("What is fetched: an entry for each meter and direction.")
        overridden = [
            variable
            for name, variable in self.app.config.overridden.items()
            if name.startswith(f"{METERS.name}.")
        ]
        if overridden:
            yield Static(
                f"! {' and '.join(overridden)} of the environment goes before what stands here; "
                "what you save counts without it.",
                classes="demo-note",
                markup=False,
            )
        meters = self._meters()
        if not meters:
            yield Static(
                "No meter yet. A token from https://conso.boris.sh is all it takes.",
                classes="panel-help",
                markup=False,
            )
        shown = self.app.series
        known = {meter.series for meter in self.app.config.meters if meter.prm}
        for number, meter in enumerate(meters):
            series = _series(meter)
            refused = series is not None and (series, meter["token"]) in self.app.refused
            yield MeterCard(
                number,
                meter,
                REFUSED if refused else report_token(meter["token"], meter["prm"]),
                shown=series == shown,
                can_show=series in known,
                locked=self.locked,
            )
        if not self.locked:
            yield Button("Add a meter", id="add-meter", compact=True)

    def _meters(self) -> list[Texts]:
        if self.locked:
            return [
                {"prm": each.prm, "token": each.token, "name": each.name, "flow": str(each.flow)}
                for each in self.app.config.meters
            ]
        return [] if self._draft is None else self._draft.meters

    def load(self, draft: Draft) -> None:
        self._draft = draft
        self.refresh(recompose=True)

    @on(Button.Pressed, "#add-meter")
    def _add(self) -> None:
        if self._draft is None:
            return
        empty = {key.name: str(key.default) for key in METERS.keys}
        if self._draft.meters:
            empty["token"] = self._draft.meters[0]["token"]

        def done(meter: Texts | None) -> None:
            if meter is not None and self._draft is not None:
                self._draft.meters.append(meter)
                self._changed()

        self.app.push_screen(MeterDialog("Add a meter", empty, self._draft.meters), done)

    @on(Button.Pressed, ".edit")
    def _edit(self, event: Button.Pressed) -> None:
        if self._draft is None:
            return
        number = _number(event.button)
        meter = self._draft.meters[number]

        def done(new: Texts | None) -> None:
            if new is not None and self._draft is not None:
                self._draft.meters[number] = new
                self._changed()

        others = [each for each in self._draft.meters if each is not meter]
        self.app.push_screen(MeterDialog("Edit the meter", meter, others), done)

    @on(Button.Pressed, ".remove")
    def _remove(self, event: Button.Pressed) -> None:
        if self._draft is None:
            return
        number = _number(event.button)
        meter = self._draft.meters[number]

        def answered(yes: bool | None) -> None:
            if yes and self._draft is not None:
                del self._draft.meters[number]
                self._changed()

        self.app.push_screen(
            ConfirmDialog(
                "Remove this meter?",
                f"{plain(meter['name'], 60) or meter['prm'] or 'This meter'} is taken out of the "
                "configuration when you save. Its readings stay in MongoDB.",
                yes="Remove",
                danger=True,
            ),
            answered,
        )

    @on(Button.Pressed, ".show")
    def _show(self, event: Button.Pressed) -> None:
        series = _series(self._meters()[_number(event.button)])
        if series is not None:
            self.post_message(self.ShowWanted(series))

    def _changed(self) -> None:
        self.refresh(recompose=True)
        self.post_message(self.Changed())


def _number(button: Button) -> int:
    return next(card.number for card in button.ancestors if isinstance(card, MeterCard))


def _series(meter: Texts) -> Series | None:
    if not meter["prm"] or meter["flow"] not in set(Flow):
        return None
    return Series(meter["prm"], Flow(meter["flow"]))
