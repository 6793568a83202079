"""The Welcome page: two doors, for who has no configuration yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from linky_tui.ingest.jobs import JobKind
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.page import Page, key_of
from linky_tui.ui.welcome.connect_form import ConnectForm
from linky_tui.words.help import Help

_CURVE = """\
       ▁          ▄▇▅
      ▃█▅▁ ▁▃▁   ▅████▃
▃▃▂▂▃▅████████▇▆███████▆"""
_METER = """\
╭───────────╮
│  0 4 8 2  │ kWh
╰─────┬─────╯"""


class Door(Widget, can_focus=True):
    """A way to begin; ``hint`` is its key."""

    DEFAULT_CSS = """
    Door {
        width: 1fr;
        height: 100%;
        padding: 1 2;
        border: round $primary 60%;
        border-title-style: bold;
        border-title-color: $text;
        border-subtitle-color: $text-muted;
        &:focus, &:hover { border: round $accent; background: $boost; }
        .door-picture {
            width: 100%;
            height: 3;
            color: $text-primary;
            margin-bottom: 1;
            text-wrap: nowrap;
        }
        .door-sentence { width: 100%; height: auto; }
    }
    """

    @dataclass
    class Opened(Message):
        """A door was opened."""

        name: str

    def __init__(self, name: str, title: str, picture: str, sentence: str, hint: str) -> None:
        super().__init__(id=f"door-{name}", name=name)
        self.border_title, self.border_subtitle = title, hint
        self._picture, self._sentence = picture, sentence

    def compose(self) -> ComposeResult:
        yield Static(self._picture, classes="door-picture", markup=False)
        yield Static(self._sentence, classes="door-sentence", markup=False)

    def on_click(self, event: Click) -> None:
        event.stop()
        self.post_message(self.Opened(self.name or ""))


CONNECT_HELP = """
## Connect my Linky

- **Token**: make one at https://conso.boris.sh with your Enedis account and paste it here. It is
  read on this computer alone, and says which meters it may read and until when.
- **Meters**: tick those to fetch. A meter that also feeds the grid has its production apart.
- **Hourly collection** has to be on in your account at Enedis; without it there are daily totals
  only. Enedis collects half-hours from the day on which you switch it on.

Saving writes the configuration file, which only you can read, and starts to fetch your history.
"""


class WelcomePage(Page):
    """Where to begin."""

    NEEDS_STORE = False
    PLACE = "Welcome"
    HELP = """
## Welcome

Two ways to begin:

- **Try the demo**: a simulated home with its own database. It needs no account and leaves the
  network alone. **Connect my Linky** in its palette leads on to your own meter.
- **Connect my Linky**: paste the token from https://conso.boris.sh. It is read on this computer,
  and its meters appear at once.

The settings are for your own MongoDB or Atlas.
"""
    WORDS = ("token", "PRM", "history")
    AUTO_FOCUS = "#door-demo"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("welcome-demo", "door('demo')"),
        bind("welcome-connect", "door('connect')"),
        bind("welcome-open", "open", show=False),
        bind("welcome-back", "back"),
        bind("welcome-previous", "app.focus_previous", show=False),
        bind("welcome-next", "app.focus_next", show=False),
    ]
    DEFAULT_CSS = """
    #welcome { height: 1fr; align: center middle; }
    #welcome-doors { width: 100%; max-width: 104; height: 100%; max-height: 18; padding: 0 2; }
    #welcome-head { height: auto; margin: 1 0; }
    #welcome-title { width: 100%; text-align: center; text-style: bold; color: $text-primary; }
    #welcome-line { width: 100%; text-align: center; color: $text-muted; }
    #doors { height: 1fr; max-height: 11; }
    #welcome-foot { width: 100%; text-align: center; color: $text-muted; margin-top: 1; }
    #welcome-connect { max-width: 110; }
    WelcomePage.-low, WelcomePage.-flat {
        #welcome-head { margin: 0 0 1 0; }
        ConnectForm {
            padding: 0 1;
            .step-body, SelectionList, #connect-report { margin: 0 0 0 3; }
            Field { margin-bottom: 0; }
            #connect-buttons { height: 1; margin: 1 0 0 3; }
            #connect-buttons Button { height: 1; border: none; }
        }
    }
    WelcomePage.-narrow {
        #welcome-doors { padding: 0 1; max-height: 17; }
        Door { padding: 1 1 0 1; }
    }
    WelcomePage.-tiny, WelcomePage.-flat {
        #welcome-doors { padding: 0 1; overflow-y: auto; }
        #welcome-foot { margin-top: 0; }
        #doors { layout: vertical; height: auto; max-height: 100; }
        Door { height: auto; min-height: 4; padding: 0 1; width: 100%; }
        .door-picture { display: none; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._start_wanted = False

    def compose_body(self) -> ComposeResult:
        with ContentSwitcher(initial="welcome-doors", id="welcome"):
            with Vertical(id="welcome-doors"):
                with Container(id="welcome-head"):
                    yield Static("Welcome to linky-tui", id="welcome-title")
                    yield Static(
                        "Your Linky electricity history in MongoDB, stored twice and honestly "
                        "compared.",
                        id="welcome-line",
                    )
                with Horizontal(id="doors"):
                    yield Door(
                        "demo",
                        "Try the demo",
                        _CURVE,
                        "A simulated home fills two years of readings in 20 seconds, without an "
                        "account or the network.",
                        key_of(self.app, "welcome-demo"),
                    )
                    yield Door(
                        "connect",
                        "Connect my Linky",
                        _METER,
                        "Paste your token from conso.boris.sh, and up to 3 years of your own "
                        "history arrive.",
                        key_of(self.app, "welcome-connect"),
                    )
                yield Static(
                    f"Your own MongoDB or Atlas? Press {key_of(self.app, 'settings')} for the "
                    "settings.",
                    id="welcome-foot",
                    markup=False,
                )
            yield ConnectForm(id="welcome-connect", classes="panel")

    @property
    def help(self) -> Help:
        if self._switcher.current == "welcome-doors":
            return super().help
        return Help(self.PLACE, CONNECT_HELP, self.WORDS)

    def on_mount(self) -> None:
        self.app.status_changed.subscribe(self, lambda _: self._start_if_ready())
        self.query_one(ConnectForm).border_title = "Connect my Linky"

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        if self.app.connect_wanted:
            self.app.connect_wanted = False
            self.action_door("connect")

    @property
    def _switcher(self) -> ContentSwitcher:
        return self.query_one("#welcome", ContentSwitcher)

    @on(Door.Opened)
    def _opened(self, event: Door.Opened) -> None:
        event.stop()
        self.action_door(event.name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("back", "door"):
            return (self._switcher.current == "welcome-doors") == (action == "door")
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        if isinstance(self.focused, Door):
            self.action_door(self.focused.name or "")

    def action_door(self, name: str) -> None:
        if name == "demo":
            self.app.open_other()
        elif name == "connect":
            self._switcher.current = "welcome-connect"
            self.query_one(ConnectForm).start()
            self.refresh_bindings()

    @on(ConnectForm.Left)
    def action_back(self) -> None:
        if self._switcher.current != "welcome-doors":
            self._switcher.current = "welcome-doors"
            self.query_one("#door-connect", Door).focus()
            self.refresh_bindings()

    @on(ConnectForm.Saved)
    def _saved(self) -> None:
        self.app.configuration_saved(reconnect=False)
        self._start_wanted = True
        self.notify(
            "Saved. Now up to 3 years of daily totals and two years of half-hours are fetched, "
            "within the requests of a day; this page tells until when.",
            title="Connected",
            markup=False,
        )
        self.action_back()
        self.app.switch_mode("backfill")
        self._start_if_ready()

    def _start_if_ready(self) -> None:
        if self._start_wanted and self.app.store_ready:
            self._start_wanted = False
            self.app.start_job(JobKind.BACKFILL)
