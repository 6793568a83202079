"""The panels of the settings page: one a section, its fields in a scrolling column."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from urllib.parse import unquote

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Button, Static

from linky_tui.config import MongoSettings
from linky_tui.config.model import DISPLAY, ENEDIS, MONGODB
from linky_tui.config.toml_keys import Section
from linky_tui.errors import LinkyError
from linky_tui.storage.server_check import ServerCheck, check_server
from linky_tui.system import paths
from linky_tui.text.formatting import (
    plain,
    printable,
)
from linky_tui.ui.forms.draft import Draft
from linky_tui.ui.forms.fields import Field, say
from linky_tui.ui.shell.bindings import key_label
from linky_tui.ui.shell.core import AppCore
from linky_tui.words.schedule import entry

TITLES = {
    "mongodb": "MongoDB",
    "enedis": "Enedis",
    "meters": "Meters",
    "display": "Display",
    "keys": "Keys",
}
DEMO_NOTE = (
    "This does not apply in the demo: its home and its gateway are simulated, and its MongoDB is "
    "a private one of its own. Connect my Linky in the palette ({palette}) leaves the demo."
)
UNTESTED = "Connects with what stands here and writes nothing."
_NOT_IN_DEMO = frozenset({"mongodb", "enedis", "meters"})


class SettingsPanel(VerticalScroll):
    """One section of the form; subclasses fill it."""

    app = getters.app(AppCore)

    DEFAULT_CSS = """
    SettingsPanel {
        padding: 0 1;
        .panel-help { color: $text-muted; margin-bottom: 1; }
        .demo-note { color: $text-warning; margin-bottom: 1; }
        #schedule { color: $text-muted; margin-top: 1; }
    }
    """

    @dataclass
    class Ready(Message):
        """A panel was mounted and can show a draft."""

        panel: SettingsPanel

    def __init__(self, section: Section) -> None:
        super().__init__(id=f"section-{section.name}", classes="panel")
        self.border_title = TITLES[section.name]
        self.section = section

    @property
    def locked(self) -> bool:
        """Whether nothing of this can be changed, because the demo ignores it."""
        return self.app.demo and self.section.name in _NOT_IN_DEMO

    def on_mount(self) -> None:
        self.post_message(self.Ready(self))

    def head(self, text: str = "") -> ComposeResult:
        if text:
            yield Static(text, classes="panel-help", markup=False)
        if self.locked:
            note = DEMO_NOTE.format(palette=key_label(self.app, "palette", self.app.config.keys))
            yield Static(f"! {note}", classes="demo-note", markup=False)

    def focus_content(self) -> None:
        """Focus what scrolls, so that the keys of the page work."""
        if self.display:
            self.focus()

    def load(self, draft: Draft) -> None:
        """Show the texts of a draft."""

    def judge(self, draft: Draft) -> None:
        """Say what is wrong with the texts of a draft."""


class FieldsPanel(SettingsPanel):
    """A section that is a table: a field for each key."""

    def compose(self) -> ComposeResult:
        yield from self.head()
        for key in self.section.keys:
            themes = (self.section.name, key.name) == (DISPLAY.name, "theme")
            choices = sorted(self.app.available_themes) if themes else ()
            field = Field(self.section.name, key, choices=choices)
            field.disabled = self.locked
            yield field
        if self.section is ENEDIS and not self.locked:
            yield Static(self._schedule(), id="schedule", markup=False)

    def _schedule(self) -> str:
        line = entry("cron", self.app.backend.config_file).splitlines()[-1]
        return (
            "Every morning without the application, by a line for crontab -e "
            f"(linky-tui --schedule has systemd's and launchd's entries, too):\n{printable(line)}"
        )

    def load(self, draft: Draft) -> None:
        for field in self.query(Field):
            field.load(draft.tables[field.section][field.key.name])
            field.mask()

    def judge(self, draft: Draft) -> None:
        """Each field says what is wrong with it, and which variable goes before it."""
        for field in self.query(Field):
            name = field.key.name
            problem = draft.problem(field.section, name)
            note = draft.note(field.section, name)
            variable = self.app.config.overridden.get(f"{field.section}.{name}", "")
            if variable:
                note = f"{variable} is set and goes before this; what you save counts without it."
            field.say(problem, note)


class MongoPanel(FieldsPanel):
    """The section ``[mongodb]``, with a test of what is typed."""

    DEFAULT_CSS = """
    MongoPanel {
        /* A verdict that grows must not move the fields under the mouse. */
        #mongodb-test-row { dock: bottom; height: auto; max-height: 7; background: $background; }
        #mongodb-test-result { width: 1fr; height: auto; margin-left: 2; }
    }
    """

    def __init__(self) -> None:
        super().__init__(MONGODB)
        self._stop = threading.Event()
        self._draft: Draft | None = None
        self._tested: dict[str, str] | None = None  # the texts that the verdict is about

    def compose(self) -> ComposeResult:
        yield from super().compose()
        with Horizontal(id="mongodb-test-row") as row:
            row.display = not self.locked
            yield Button(
                "Test connection",
                id="mongodb-test",
                compact=True,
                tooltip="Connect with what stands here, look, disconnect",
            )
            yield Static(UNTESTED, id="mongodb-test-result", classes="muted", markup=False)

    def judge(self, draft: Draft) -> None:
        super().judge(draft)
        self._draft = draft
        if self._tested is not None and self._tested != draft.tables[MONGODB.name]:
            self._tested = None
            self._stop.set()
            self._say(UNTESTED, "muted")

    def on_unmount(self) -> None:
        self._stop.set()

    @on(Button.Pressed, "#mongodb-test")
    def test(self) -> None:
        draft = self._draft
        if draft is None:
            return
        self._tested = dict(draft.tables[MONGODB.name])
        if draft.problem_count(MONGODB.name):
            self._say("✗ Correct the fields with this sign first.", "bad")
            next(field for field in self.query(Field) if field.said[0]).focus_control()
            return
        texts = draft.tables[MONGODB.name]
        values = {key.name: key.from_text(texts[key.name]) for key in MONGODB.keys}
        self._say("Connecting…", "muted")
        self._test(MongoSettings(**values))  # type: ignore[arg-type]

    @work(group="mongodb-test", exclusive=True, exit_on_error=False)
    async def _test(self, settings: MongoSettings) -> None:
        """Try settings in a thread; a newer test ends an older one."""
        self._stop.set()
        stop = self._stop = threading.Event()
        folders = paths.data_dir(), paths.runtime_dir()
        try:
            found = await asyncio.to_thread(check_server, settings, *folders, stop=stop)
        except LinkyError as error:
            if not stop.is_set():
                self._say("\n".join((f"✗ {error.title}.", *error.details)), "bad")
            return
        if stop.is_set():
            return  # of what stood here before
        if refusal := found.refusal(settings.database):
            self._say("\n".join((f"! {_server_text(found)}", *refusal.details)), "warn")
        else:
            self._say(f"✓ {_server_text(found)}\n{_rights_text(found, settings)}", "good")

    def _say(self, text: str, level: str) -> None:
        say(self.query_one("#mongodb-test-result", Static), text, level)


def _server_text(found: ServerCheck) -> str:
    server = found.server
    place = "private local server" if server.kind == "local" else plain(unquote(server.hosts))
    replica_set = f", replica set {server.replica_set}" if server.replica_set else ""
    text = f"MongoDB {server.version}, {place}{replica_set}, answers in {_ms(found.latency_s)}."
    return " ".join((text, *server.notes))


def _rights_text(found: ServerCheck, settings: MongoSettings) -> str:
    names = [settings.collection, settings.timeseries_collection]
    if len(found.existing) == len(names):
        there = "both collections exist"
    elif found.existing:
        there = f"{found.existing[0]} exists, the other one will be created"
    else:
        there = "both collections will be created"
    return f"May read and write {settings.database}; {there}."


def _ms(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:,.0f} ms"
