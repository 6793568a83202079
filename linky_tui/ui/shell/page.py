"""What all pages share: header, footer, help, and when they load their data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar

from rich.text import Text
from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.visual import VisualType
from textual.widget import Widget
from textual.widgets import Footer, Static

from linky_tui.domain.paris import PARIS
from linky_tui.ui.plots import Chart
from linky_tui.ui.shell.bindings import bind, key_label
from linky_tui.ui.shell.core import AppCore
from linky_tui.ui.shell.header import StatusHeader
from linky_tui.words.help import Help

if TYPE_CHECKING:
    from linky_tui.storage.store import Store
    from linky_tui.words.copied import Copyable

T = TypeVar("T")

_READ = Binding.Group("Read", compact=True)
POINT_KEYS = [
    bind("point-left", "point(-1, 0)", group=_READ),
    bind("point-right", "point(1, 0)", group=_READ),
    bind("point-up", "point(0, -1)", show=False),
    bind("point-down", "point(0, 1)", show=False),
    bind("copy", "app.copy_data"),
]
"""For pages with charts."""
CONNECTING_S = 1.0
"""A connection that takes longer is said on the whole page."""


class Said(Static):
    """A text; to say the same again costs no layout."""

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        if content != self.content:
            super().update(content, layout=layout)


class KeyFooter(Footer):
    """The footer of every page, made anew only when it shows other keys."""

    _shown: list[object] | None = None

    async def recompose(self) -> None:
        active = self.screen.active_bindings.values()
        shown = [each[1:] for each in active if each.binding.show]
        if shown == self._shown:
            return
        self._shown = [*shown]
        await super().recompose()
        # Its keys watch this, and Textual (https://github.com/Textualize/textual/issues/6666) keeps
        # those that are gone, 20 kB each, until it changes.
        self.set_reactive(Footer.compact, False)
        self.compact = True


class Page(Screen[None]):
    """A page of the application: one mode.

    Subclasses yield their widgets in :meth:`compose_body` and load what they show in
    :meth:`refresh_data`, which is called when the page is shown, the data changed, the series was
    switched, or MongoDB came back; never while the page is hidden.
    As long as MongoDB does not answer, a page that needs it and has nothing from it yet shows that
    instead of its own.
    """

    app = getters.app(AppCore)

    NEEDS_STORE: ClassVar[bool] = True
    PLACE: ClassVar[str] = ""
    """Its name in the table of actions."""
    WORDS: ClassVar[tuple[str, ...]] = ()
    """What :data:`GLOSSARY` explains in its help."""
    DEFAULT_CSS = """
    Page {
        #store-away { display: none; height: 1fr; padding: 1 2; }
        &.-away .page-body { display: none; }
        &.-away #store-away { display: block; }
    }
    """
    _patient = True
    _answered = False
    _focus_before: Widget | None = None

    def compose(self) -> ComposeResult:
        # What the framework does after the first resize, when all has been styled without them.
        for steps, cells in zip(
            (self.app.HORIZONTAL_BREAKPOINTS or [], self.app.VERTICAL_BREAKPOINTS or []),
            self.app.size,
            strict=True,
        ):
            names = [name for least, name in steps if least <= cells]
            self.add_class(*names[-1:], update=False)
        yield StatusHeader(self.PLACE.lower())
        yield from self.compose_body()
        yield Static(id="store-away")
        yield KeyFooter(show_command_palette=False, compact=True)

    def compose_body(self) -> ComposeResult:
        yield from ()

    def on_mount(self) -> None:
        self.app.data_changed.subscribe(self, lambda _: self.load_if_shown())
        for child in self.children:
            ours = isinstance(child, StatusHeader | Footer) or child.id == "store-away"
            child.set_class(
                not ours and not child.has_class("-textual-system"), "page-body", update=False
            )
        if self.NEEDS_STORE:
            self.app.status_changed.subscribe(self, lambda _: self._show_away())
            self.set_timer(CONNECTING_S, self._lose_patience)
            self._show_away()

    def on_screen_resume(self) -> None:
        for chart in self.query(Chart):
            chart.marker = self.app.config.display.marker
        self.load_if_shown()

    @property
    def help(self) -> Help:
        """What F1 shows: a page with several faces says what the one that is seen is for."""
        return Help(self.PLACE, self.HELP or "", self.WORDS)

    @property
    def has_data(self) -> bool:
        """Whether it shows something that MongoDB has answered."""
        return self._answered

    def _lose_patience(self) -> None:
        self._patient = False
        self._show_away()

    @property
    def says_store_error(self) -> bool:
        """Whether it shows why MongoDB does not answer, in place of anything else."""
        app = self.app
        nothing = app.server is None or not (app.store_ready or self.has_data)
        return self.NEEDS_STORE and nothing and app.store_error is not None

    def _show_away(self) -> None:
        app, was_away = self.app, self.has_class("-away")
        away = self.says_store_error or (app.server is None and not self._patient)
        if away:
            self.query_one("#store-away", Static).update(_away_text(app))
            if not was_away:
                self._focus_before = self.focused
        self.set_class(away, "-away")
        if away != was_away:
            self.refresh_bindings()
        if was_away and not away and self.focused is None:
            self.set_focus(self._focus_before)

    def load_if_shown(self) -> None:
        """Load the data now, if the page is shown and MongoDB is there."""
        if self.is_current and self.app.store_ready:
            self.refresh_data()

    @property
    def pointed_chart(self) -> Chart | None:
        """The chart that keys read: the one that has the focus or a crosshair, or the first."""
        if isinstance(self.focused, Chart):
            return self.focused
        charts = [chart for chart in self.query(Chart) if chart.plot is not None]
        return next((chart for chart in charts if chart.place), next(iter(charts), None))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in ("point", "open_day"):
            return True
        readable = any(chart.plot is not None for chart in self.query(Chart))
        return True if readable and not self.has_class("-away") else None

    def action_point(self, across: int, down: int) -> None:
        chart = self.pointed_chart
        if chart is not None:
            chart.step(across, down)
            chart.scroll_visible()

    def copyables(self) -> list[Copyable]:
        """What can be copied beside the data of its charts."""
        return []

    def before_leaving(self, go: Callable[[], object]) -> None:
        """The user wants to ``go`` elsewhere or to quit; a page with unsaved work asks first."""
        go()

    def refresh_data(self) -> None:
        """Load what the page shows, through :meth:`query_store`."""

    def query_store(
        self, ask: Callable[[Store], T], show: Callable[[T], None], *, group: str
    ) -> None:
        """Ask the store in a worker thread and show the answer on the interface's thread.

        A newer question of the same group makes the answer of an older one worthless; it is
        dropped. Errors become the application's state, never an exception here.
        """

        def shown(answer: T) -> None:
            self._answered = True
            show(answer)

        self.app.query_store(self, ask, shown, group=group)


def nothing_text(app: AppCore, *, at_all: bool = False) -> str:
    """What is said while nothing is stored of the meter that is shown, or of any."""
    of_it = " of this meter" if len(app.config.meters) > 1 and not at_all else ""
    if app.ingest.state.busy:
        return f"Nothing is stored{of_it} yet. The first days are being fetched."
    return f"Nothing is stored{of_it} yet. Press {key_of(app, 'backfill')} to backfill the history."


def no_meter_text(app: AppCore) -> str:
    """What is said while there is no meter."""
    return f"No meter is configured yet. Press {key_of(app, 'settings')} to connect yours."


def key_of(app: AppCore, name: str) -> str:
    """The key of an action as screens write it, as it was chosen."""
    return key_label(app, name, app.config.keys)


def _away_text(app: AppCore) -> Text:
    """Which MongoDB does not answer, why, when it is tried again, and what to do."""
    error = app.store_error
    if error is None:
        return Text.assemble(("Connecting to MongoDB", "bold"), f"\n\n{app.store_place}")
    if app.next_try is not None:
        when = f"Next try: {app.next_try.astimezone(PARIS):%H:%M:%S}."
    elif app.tries_again:
        when = "It is being tried again now."
    else:
        when = "It is not tried again by itself: a corrected setting, once saved, is."
    keys = f"{key_of(app, 'settings')} opens the settings, {key_of(app, 'log')} the log."
    parts = (app.store_place, *error.details, f"{when} {keys}")
    return Text.assemble((error.title, "bold"), *(f"\n\n{part}" for part in parts))
