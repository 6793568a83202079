"""Help: on every page and dialog, with words and keys, and nothing moves for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Footer, Markdown, Static

from linky_tui.config.keyboard import ACTIONS, DIALOGS, EVERYWHERE
from linky_tui.errors import LinkyError
from linky_tui.storage.access import Access
from linky_tui.storage.store import Store
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.charts.date_dialog import DateDialog
from linky_tui.ui.copying.dialog import CopyDialog
from linky_tui.ui.help.dialog import HelpDialog
from linky_tui.ui.laboratory.dialogs import HomesDialog, ReportDialog
from linky_tui.ui.presentation.screen import Presentation
from linky_tui.ui.settings.meter_dialog import MeterDialog
from linky_tui.ui.settings.unsaved_dialog import UnsavedDialog
from linky_tui.ui.shell.dialogs import ConfirmDialog, Dialog, ErrorDialog
from linky_tui.ui.shell.page import Page
from linky_tui.ui.storage.access_dialog import AccessDialog
from linky_tui.ui.storage.inside_dialog import InsideDialog
from linky_tui.ui.welcome.page import CONNECT_HELP
from linky_tui.words.help import GLOSSARY, Help
from tests.tools.app import SERIES, screen_text, wait_until
from tests.ui.conftest import Running

MUST_EXPLAIN = {"settling", "certified", "partial", "base load", "bucket", "granularity"}
DIALOG_MAKERS: dict[str, Callable[[], Dialog[Any]]] = {
    "error": lambda: ErrorDialog(LinkyError("A", "b", "c")),
    "question": lambda: ConfirmDialog("A", "b", yes="Yes"),
    "date": DateDialog,
    "meter": lambda: MeterDialog("A", {"token": "", "prm": "", "name": "", "flow": ""}, []),
    "homes": lambda: HomesDialog(100, lambda key, homes: 60.0),
    "report": lambda: ReportDialog(()),
    "inside": lambda: InsideDialog(SERIES),
    "access": lambda: AccessDialog(Access("mongodb://h"), cast(Store, None), None),
    "copy": lambda: CopyDialog([]),
    "presentation": Presentation,
    "unsaved": lambda: UnsavedDialog("A"),
}  # fmt: skip


def subclasses(base: type[object]) -> set[type[object]]:
    return {each for sub in base.__subclasses__() for each in (sub, *subclasses(sub))}


def in_footer(widget: Widget) -> bool:
    """It is made anew for other keys."""
    return any(isinstance(each, Footer) for each in widget.ancestors_with_self)


def scroll(app: LinkyApp) -> VerticalScroll:
    return app.screen.query_one("#help-scroll", VerticalScroll)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("name", list(LinkyApp.PAGES))
async def test_every_page_has_help_that_leaves_it_as_it_is(
    running: Running, name: str, size: tuple[int, int]
) -> None:
    async with running(size) as (app, pilot):
        app.action_page(name)
        await wait_until(pilot, lambda: app.current_mode == name)
        page = app.screen
        assert isinstance(page, Page)
        if page.NEEDS_STORE:
            await wait_until(pilot, lambda: page.has_data)
        await pilot.pause(0.3)
        places = {each: each.region for each in page.query("*") if not in_footer(each)}
        await pilot.press("f1")
        await wait_until(pilot, lambda: isinstance(app.screen, HelpDialog))
        await wait_until(pilot, lambda: name.title() in screen_text(app))
        text, keys = page.help.markdown, screen_of_keys(app)
        assert {each: each.region for each in places} == places
        assert all(f"**{word}**: " in text for word in page.WORDS)
        own = [action for action in ACTIONS.values() if action.place in (page.PLACE, EVERYWHERE)]
        assert all((action.help or action.title) in keys for action in own)
        assert "Scroll" not in keys
        left = app.screen.query_one("#help-text").region
        assert left.right <= app.screen.query_one("#help-keys").region.x
        assert app.screen.query_one("#help-keys").region.right <= size[0]
        if scroll(app).max_scroll_y:
            await pilot.press("end")
            await wait_until(pilot, lambda: scroll(app).scroll_y == scroll(app).max_scroll_y)
            await pilot.press("home", "down")
            await wait_until(pilot, lambda: scroll(app).scroll_y == 1)
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is page)
        await pilot.press("f1")
        await wait_until(pilot, lambda: isinstance(app.screen, HelpDialog))
        await pilot.press("f1")
        await wait_until(pilot, lambda: app.screen is page)


def screen_of_keys(app: LinkyApp) -> str:
    table = app.screen.query_one("#help-keys", Static).content
    return " ".join(
        " ".join(str(cell) for cell in column.cells)
        for column in table.columns  # type: ignore[union-attr]
    )


@pytest.mark.parametrize("name", list(DIALOG_MAKERS))
async def test_every_dialog_has_help(running: Running, name: str) -> None:
    async with running((80, 24), empty=True) as (app, pilot):
        dialog = DIALOG_MAKERS[name]()
        await app.push_screen(dialog)
        await pilot.press("f1")
        await wait_until(pilot, lambda: isinstance(app.screen, HelpDialog))
        assert dialog.HELP
        assert app.screen.query_one(Markdown).source == dialog.help.markdown
        keys = screen_of_keys(app)
        assert all(
            (action.help or action.title) in keys
            for action in ACTIONS.values()
            if action.place == dialog.PLACE
        )
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is dialog)


def test_no_page_or_dialog_is_left_out_and_every_word_is_explained_where_it_stands() -> None:
    tested = {type(make()) for make in DIALOG_MAKERS.values()}
    ours = {each for each in subclasses(Dialog) if each.__module__.startswith("linky_tui")}
    assert ours - {HelpDialog} == tested
    pages = {each for each in subclasses(Page) if each.__module__.startswith("linky_tui")}
    assert len(pages) <= len(LinkyApp.PAGES)
    used = {word for each in (*ours, *pages) for word in each.WORDS}  # type: ignore[attr-defined]
    assert used == set(GLOSSARY)
    assert used >= MUST_EXPLAIN
    assert {each.PLACE for each in ours} == DIALOGS  # type: ignore[attr-defined]


async def test_the_form_of_a_token_has_help_of_its_own(running: Running) -> None:
    async with running((80, 24), empty=True, meters=()) as (app, pilot):
        await wait_until(pilot, lambda: app.current_mode == "welcome")
        await pilot.press("m")
        await pilot.pause()
        await pilot.press("f1")
        await wait_until(pilot, lambda: isinstance(app.screen, HelpDialog))
        assert app.screen.query_one(Markdown).source.startswith(CONNECT_HELP.strip())


async def test_help_names_the_keys_that_were_chosen(running: Running) -> None:
    async with running((120, 40), more='[keys]\n"help.close" = "f9"\nsync = "f8"') as (app, pilot):
        await pilot.press("f1")
        await wait_until(pilot, lambda: "F9 closes" in screen_text(app))
        assert "F8" in screen_of_keys(app)
        await pilot.press("f9")
        await wait_until(pilot, lambda: not isinstance(app.screen, HelpDialog))


def test_a_help_without_words_is_its_text() -> None:
    assert Help("Log", " text ").markdown == "text"
