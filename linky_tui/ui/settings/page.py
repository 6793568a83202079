"""The Settings page: a form over every key of the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from linky_tui.config import Config
from linky_tui.config.model import DISPLAY, MONGODB, SECTIONS
from linky_tui.config.save import save
from linky_tui.errors import ConfigError, LinkyError
from linky_tui.ui.forms.draft import Draft, file_config, file_text
from linky_tui.ui.forms.fields import Field
from linky_tui.ui.settings.body import SettingsBody
from linky_tui.ui.settings.keys_panel import KeysPanel
from linky_tui.ui.settings.meters_panel import MetersPanel
from linky_tui.ui.settings.panels import TITLES, SettingsPanel
from linky_tui.ui.settings.unsaved_dialog import Unsaved, UnsavedDialog
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.page import Page


class SettingsPage(Page):
    """Sections on the left (or on top), the fields of one of them, and what is not saved yet."""

    NEEDS_STORE = False
    PLACE = "Settings"
    HELP = """
## Settings

Everything that the configuration file holds, with the same names and rules. A field says at once
what is wrong with what you type.

- Saving keeps the comments of the file, and only you can read it.
- While a field has the focus, letters are typed into it; leave it, and they are keys again.
- **Test connection** tries the MongoDB that is typed, before it is saved. A token is read on this
  computer; **Ask Enedis** in the dialog of a meter sends one request, which counts.

Everything counts from the moment it is saved; another MongoDB is connected at once. Variables of
the environment go before the file: their fields say so.
"""
    WORDS = ("token", "PRM", "flow", "request")
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("settings-save", "save"),
        bind("settings-leave-field", "leave_field", show=False),
        bind("settings-previous", "section(-1)", show=False),
        bind("settings-next", "section(1)", show=False),
        bind("settings-discard", "discard"),
    ]
    CSS = """
    #settings-body { height: 1fr; }
    #settings-bar { height: 1; padding: 0 1; background: $panel; }
    #settings-state { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    #settings-bar Button { margin-left: 2; min-width: 8; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._saved: Draft | None = None
        self._draft: Draft | None = None
        self._file: Path | None = None
        self._file_exists = False

    @property
    def _body(self) -> SettingsBody:
        return self.query_one(SettingsBody)

    # Building and loading

    def compose_body(self) -> ComposeResult:
        yield SettingsBody(id="settings-body")
        with Horizontal(id="settings-bar"):
            yield Static(id="settings-state", markup=False)
            yield Button("Undo", id="settings-undo", compact=True, tooltip="Take the changes back")
            yield Button("Save", id="settings-save", compact=True, variant="primary")

    def on_screen_resume(self) -> None:
        if self.focused is None:
            self._body.focus_first()
        if not self.changed_sections:
            self._read()

    @work(group="settings-file", exit_on_error=False)
    async def _read(self) -> None:
        try:
            found = await asyncio.to_thread(file_config, self.app.config, demo=self.app.demo)
        except LinkyError as error:
            self.app.show_error(error)
            return
        if not self.changed_sections:  # typing may be faster than the disk
            self._load_panels(self._take_over(found).copy())
            self._judge()

    def _take_over(self, found: Config) -> Draft:
        self._file, self._file_exists = found.path, found.exists
        self._saved = Draft.of(found)
        return self._saved

    def _load_panels(self, draft: Draft) -> None:
        self._draft = draft
        for panel in self.query(SettingsPanel):
            panel.load(draft)

    # Typing

    @property
    def changed_sections(self) -> tuple[str, ...]:
        if self._draft is None or self._saved is None:
            return ()
        return self._draft.changed(self._saved)

    @on(SettingsPanel.Ready)
    def _fill(self, event: SettingsPanel.Ready) -> None:
        if self._draft is not None:
            event.panel.load(self._draft)
            event.panel.judge(self._draft)

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        self._take(event.field)

    def _take(self, field: Field) -> None:
        draft = self._draft
        if draft is None or draft.tables[field.section][field.key.name] == field.text:
            return
        draft.tables[field.section][field.key.name] = field.text
        if field.section == DISPLAY.name and field.key.name == "theme":
            self._preview(field.text)
        self._judge()

    @on(KeysPanel.Changed)
    @on(MetersPanel.Changed)
    def _changed(self) -> None:
        self._judge()

    def _preview(self, theme: str) -> None:
        if theme in self.app.available_themes and theme != self.app.theme:
            self.app.theme = theme

    def _judge(self) -> None:
        if self._draft is None or not self.query("#settings-state"):
            return
        for panel in self.query(SettingsPanel):
            panel.judge(self._draft)
        changed = self.changed_sections
        troubled = []
        for name in SECTIONS:
            count = self._draft.problem_count(name)
            mark = f" ✗ {count}" if count else " ●" if name in changed else ""
            troubled += [TITLES[name]] if count else []
            self._body.mark(name, mark)
        state = self.query_one("#settings-state", Static)
        state.update(self._state_text(changed, troubled))
        for level, holds in (("bad", troubled), ("warn", changed), ("muted", not changed)):
            state.set_class(bool(holds) and (level != "warn" or not troubled), level)
        self.query_one("#settings-undo", Button).display = bool(changed)
        self.query_one("#settings-save", Button).display = bool(changed)

    def _state_text(self, changed: tuple[str, ...], troubled: list[str]) -> str:
        if troubled:
            return f"✗ To correct: {', '.join(troubled)}"
        if changed:
            return f"● Not saved yet: {', '.join(TITLES[name] for name in changed)}"
        file = file_text(self._file)
        return f"Saved in {file}" if self._file_exists else f"All defaults; saving makes {file}"

    # Sections

    def action_section(self, step: int) -> None:
        self._body.step(step)

    def action_leave_field(self) -> None:
        self._body.panel.focus_content()

    # Saving

    @on(Button.Pressed, "#settings-save")
    def action_save(self) -> None:
        self._save(None)

    def _save(self, then: Callable[[], object] | None) -> None:
        draft, file = self._draft, self._file
        if draft is None or file is None:
            return
        # The key may come before the news of what was typed right before it. The fields of the
        # dialog for a meter are another screen's.
        for field in self.query(Field):
            if field.loaded:
                self._take(field)
        if not self.changed_sections:
            self.notify("Everything is saved already.", timeout=3)
            return
        try:
            config = draft.config()
        except ConfigError as error:
            self.app.show_error(error)
            return
        if MONGODB.name in self.changed_sections and self.app.ingest.state.busy:
            self.notify(
                "A fetch is writing to this MongoDB. Stop it on the Backfill page, then save.",
                title="Not saved",
                severity="warning",
                markup=False,
            )
            return
        self._write(config, file, draft.copy(), then)

    @work(group="settings-file", exit_on_error=False)
    async def _write(
        self, config: Config, file: Path, draft: Draft, then: Callable[[], object] | None
    ) -> None:
        """Save the configuration of a draft, and show what the file says then."""
        try:
            written = await asyncio.to_thread(save, config, file)
            found = await asyncio.to_thread(
                file_config, Config(path=written, exists=True), demo=self.app.demo
            )
        except LinkyError as error:
            self.app.show_error(error)
            return
        before, saved = self._saved, self._take_over(found)
        if draft == self._draft:  # nothing was typed meanwhile
            self._load_panels(saved.copy())
        reconnect = before is None or before.tables[MONGODB.name] != saved.tables[MONGODB.name]
        self.app.configuration_saved(reconnect=reconnect)
        for panel in self.query(MetersPanel):
            panel.refresh(recompose=True)
        self._judge()
        again = " Connecting to the other MongoDB." if reconnect else ""
        self.notify(f"Saved.{again}", timeout=3, markup=False)
        if then is not None:
            then()

    @on(Button.Pressed, "#settings-undo")
    def action_discard(self) -> None:
        if self._saved is None or not self.changed_sections:
            return
        self._preview(self._saved.tables[DISPLAY.name]["theme"])
        self._load_panels(self._saved.copy())
        self._judge()

    @on(MetersPanel.ShowWanted)
    def _show_meter(self, event: MetersPanel.ShowWanted) -> None:
        self.app.choose_meter(event.series)
        self.query_one(MetersPanel).refresh(recompose=True)

    # Leaving

    def before_leaving(self, go: Callable[[], object]) -> None:
        changed = self.changed_sections
        if not changed:
            go()
            return

        def answered(answer: Unsaved | None) -> None:
            if answer is Unsaved.SAVE:
                self._save(go)
            elif answer is Unsaved.DISCARD:
                self.action_discard()
                go()

        names = ", ".join(TITLES[name] for name in changed)
        question = UnsavedDialog(f"You changed {names}.")
        question.id = "leaving-question"
        self.app.push_screen(question, answered)
