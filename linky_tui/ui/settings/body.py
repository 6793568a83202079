"""The sections of the settings page: a list beside them, or tabs above them where it is narrow."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import ContentSwitcher, OptionList, Static, Tab, Tabs
from textual.widgets.option_list import Option

from linky_tui.config.model import KEYS, METERS, MONGODB, SECTIONS
from linky_tui.ui.forms.guide import FieldGuide
from linky_tui.ui.settings.keys_panel import KeysPanel
from linky_tui.ui.settings.meters_panel import MetersPanel
from linky_tui.ui.settings.panels import TITLES, FieldsPanel, MongoPanel, SettingsPanel

_KEYS_TEXT = """\
tab  next field
esc  leave it
← →  other section
^s   save
u    undo"""


class SettingsBody(Horizontal):
    """All panels, one of them shown."""

    DEFAULT_CSS = """
    SettingsBody {
        height: 1fr;
        #settings-side { width: 24; border: round $primary 60%; padding: 0 1; }
        #settings-side:focus-within { border: round $accent; }
        #settings-nav { height: auto; border: none; padding: 0; background: transparent; }
        #settings-keys { dock: bottom; color: $text-muted; }
        #settings-main { width: 1fr; }
        #settings-tabs { display: none; }
        #settings-switch { height: 1fr; }
        #settings-switch > SettingsPanel { height: 100%; }
    }
    Screen.-narrow SettingsBody, Screen.-tiny SettingsBody {
        #settings-side { display: none; }
        #settings-tabs { display: block; }
    }
    """

    def compose(self) -> ComposeResult:
        with Vertical(id="settings-side"):
            yield OptionList(
                *[Option(TITLES[name], id=name) for name in SECTIONS], id="settings-nav"
            )
            yield Static(_KEYS_TEXT, id="settings-keys", markup=False)
        with Vertical(id="settings-main"):
            yield Tabs(*[Tab(TITLES[name], id=name) for name in SECTIONS], id="settings-tabs")
            with ContentSwitcher(initial=f"section-{MONGODB.name}", id="settings-switch"):
                yield MongoPanel()
            yield FieldGuide()

    @property
    def section(self) -> str:
        return (self.query_one(ContentSwitcher).current or "").removeprefix("section-")

    @property
    def panel(self) -> SettingsPanel:
        return self.query_one(f"#section-{self.section}", SettingsPanel)

    def mark(self, name: str, mark: str) -> None:
        """Put a mark behind the title of a section; nothing where empty."""
        text = TITLES[name] + mark
        self.query_one("#settings-nav", OptionList).replace_option_prompt(name, text)
        self.query_one(Tabs).query_one(f"#{name}", Tab).label = text

    def focus_first(self) -> None:
        """Focus the list of sections, or, where tabs stand for it, the panel before its fields."""
        if self.query_one("#settings-side").display:
            self.query_one("#settings-nav").focus()
        else:
            self.panel.focus_content()

    def step(self, step: int) -> None:
        names = [*SECTIONS]
        self.show_section(names[(names.index(self.section) + step) % len(names)])

    def show_section(self, name: str) -> None:
        if name == self.section:
            return
        focused = self.screen.focused
        inside = focused is None or self.panel in focused.ancestors_with_self
        switcher = self.query_one(ContentSwitcher)
        if not switcher.query(f"#section-{name}"):
            switcher.mount(_new_panel(name))  # only now: not all at once when the page opens
        switcher.current = f"section-{name}"
        self._guide()
        self.query_one("#settings-nav", OptionList).highlighted = [*SECTIONS].index(name)
        self.query_one(Tabs).active = name
        if inside:
            self.screen.set_focus(None)
            self.panel.call_after_refresh(self.panel.focus_content)

    def on_mount(self) -> None:
        self._guide()

    def _guide(self) -> None:
        """Below the fields: what the section is for, until one of them has the focus."""
        guide = self.query_one(FieldGuide)
        guide.display = self.section not in (METERS.name, KEYS.name)
        guide.idle = f"{SECTIONS[self.section].help}\nThe help of the field you are in stands here."

    @on(OptionList.OptionHighlighted, "#settings-nav")
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        # A message that is older than the state would turn the page back.
        if event.option_id and event.option_index == event.option_list.highlighted:
            self.show_section(event.option_id)

    @on(Tabs.TabActivated, "#settings-tabs")
    def _activated(self, event: Tabs.TabActivated) -> None:
        event.stop()
        if event.tab.id and event.tab.id == event.tabs.active:
            self.show_section(event.tab.id)

    @on(OptionList.OptionSelected, "#settings-nav")
    def _entered(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.panel.focus_content()


def _new_panel(name: str) -> SettingsPanel:
    if name == METERS.name:
        return MetersPanel()
    if name == KEYS.name:
        return KeysPanel()
    return FieldsPanel(SECTIONS[name])
