"""Hostile texts on the real pages: nothing is obeyed, nothing is interpreted, nothing breaks."""

from __future__ import annotations

import json
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from linky_tui.errors import ConfigError, StorageUnavailable
from linky_tui.ingest.events import Window
from linky_tui.ingest.jobs import JobKind
from linky_tui.text.formatting import plain
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.settings.meter_dialog import MeterDialog
from linky_tui.ui.shell.dialogs import ConfirmDialog, ErrorDialog
from linky_tui.ui.shell.messages import StoreFailed
from tests.tools.app import (
    CLOSED_API,
    HOME,
    SERIES,
    YESTERDAY,
    insert_readings,
    run_app,
    wait_until,
)
from tests.tools.servers import Handler, TinyServer
from tests.tools.stored import open_store
from tests.torture.hostile import pools
from tests.torture.hostile.harmless import assert_harmless
from tests.torture.hostile.names import COLLECTION, NAME, TIMESERIES, hostile_config
from tests.torture.report import Tally
from tests.ui.conftest import Running, _clock, make_app, new_database, running

__all__ = ["_clock", "make_app", "new_database", "running"]

SAID = [*pools.MARKUP[:2], pools.MARKUP[3], *pools.CONTROL[:2], *pools.UNICODE[:2]]
DIALOGS = [*pools.MARKUP[:2], pools.MARKUP[3], "["]
PAGES = "cbolgd"


def shown(app: App[None]) -> str:
    """The words on the screen, without frames and line breaks; asserts that they are harmless."""
    strips = app.screen._compositor.render_strips()
    for strip in strips:
        assert_harmless(strip.text, allowed="")
        for segment in strip:
            meta = segment.style.meta if segment.style else {}
            assert "app.quit" not in str(meta.get("@click", ""))
            assert not (segment.style and segment.style.link)
    return squeezed("".join(strip.text for strip in strips))


def squeezed(text: str) -> str:
    return "".join(character for character in text if character not in " │╭╮╰╯─\n")


async def test_what_the_gateway_says(running: Running, tally: Tally) -> None:
    row = tally("hostile text of the gateway on the screen")
    texts = iter(SAID)
    days = Window(YESTERDAY, YESTERDAY)

    def answer(handler: Handler) -> None:
        text = next(texts)
        error = {"error": text, "error_description": f"A{text}Z", "code": text}
        content = {"status": 400, "message": text, "error": error}
        handler.send(json.dumps(content).encode(), 400, Content_Type="application/json")

    with TinyServer(answer) as server:
        async with running((100, 24), empty=True, api_url=server.url, notifications=True) as (
            app,
            pilot,
        ):
            for text in SAID:
                with row.one_try():
                    assert app.start_job(JobKind.REFETCH, days=days)
                    await wait_until(pilot, lambda: isinstance(app.screen, ErrorDialog))
                    words = squeezed(plain(f"A{text}Z"))[:40]
                    await wait_until(pilot, lambda words=words: words in shown(app))  # type: ignore[misc]
                    await pilot.press("escape")
                    await wait_until(pilot, lambda: not isinstance(app.screen, ErrorDialog))
                    await wait_until(pilot, lambda: not app.ingest.state.busy)
            await pilot.press("l")
            await wait_until(pilot, lambda: app.current_mode == "log")
            await wait_until(pilot, lambda: "AxZ" in shown(app) or "Failed" in shown(app))
            await pilot.press("y")
            assert_harmless(app.clipboard)


async def test_what_the_configuration_says(
    mongod_uri: str, mongo_database_name: str, tmp_path: Path, tally: Tally
) -> None:
    row = tally("hostile text of the configuration on the screen")
    names = {"collection": COLLECTION, "timeseries_collection": TIMESERIES}
    with open_store(mongod_uri, mongo_database_name, tmp_path, **names) as store:
        insert_readings(store, SERIES, HOME.readings(YESTERDAY, YESTERDAY))
    app = LinkyApp(hostile_config(tmp_path, mongod_uri, mongo_database_name, CLOSED_API))
    async with run_app(app, (140, 45), notifications=True) as pilot:
        await wait_until(pilot, lambda: app.store_ready)
        for key in PAGES:
            await pilot.press(key)
            await wait_until(pilot, lambda: squeezed(NAME) in shown(app))
            row.tried += 1
            row.survived += 1
        await wait_until(pilot, lambda: squeezed(COLLECTION) in shown(app))
        await meters(app, pilot)


async def meters(app: LinkyApp, pilot: Pilot[None]) -> None:
    """The settings' own screens: every section, the dialog of a meter, the question."""
    await pilot.press("g")
    await wait_until(pilot, lambda: app.current_mode == "settings")
    nav = app.screen.query_one("#settings-nav")
    nav.focus()
    for _ in range(6):
        shown(app)
        await pilot.press("down")
        await pilot.pause()
    for number in range(nav.option_count):  # type: ignore[attr-defined]
        nav.highlighted = number  # type: ignore[attr-defined]
        await pilot.pause()
        shown(app)
        if app.screen.query("#add-meter") and app.screen.query_one("#add-meter").region.width:
            break
    await wait_until(pilot, lambda: app.screen.query("#meter-0 .edit"))
    await wait_until(pilot, lambda: f"{squeezed(NAME)}·" in shown(app))
    for button, dialog in ((".edit", MeterDialog), (".remove", ConfirmDialog)):
        await pilot.click(f"#meter-0 {button}")
        await wait_until(pilot, lambda dialog=dialog: isinstance(app.screen, dialog))  # type: ignore[misc]
        await wait_until(pilot, lambda: squeezed(NAME) in shown(app))
        await pilot.press("escape")
        await wait_until(pilot, lambda dialog=dialog: not isinstance(app.screen, dialog))  # type: ignore[misc]


async def test_dialogs_and_toasts_interpret_nothing(running: Running) -> None:
    """Also in a title, and whoever made the error."""
    async with running((100, 24), empty=True, notifications=True) as (app, pilot):
        for text in DIALOGS:
            app.show_error(ConfigError(f"T{text}T", f"C{text}C", f"N{text}N", (f"P{text}P",)))
            words = [squeezed(f"{mark}{text}{mark}") for mark in "TCNP"]
            await wait_until(pilot, lambda w=words: all(each in shown(app) for each in w))  # type: ignore[misc]
            await pilot.press("escape")
            app.push_screen(ConfirmDialog(f"Q{text}Q", f"R{text}R", yes="Yes"))
            words = [squeezed(f"{mark}{text}{mark}") for mark in "QR"]
            await wait_until(pilot, lambda w=words: all(each in shown(app) for each in w))  # type: ignore[misc]
            await pilot.press("escape")
            app.store_error = None
            app.post_message(StoreFailed(StorageUnavailable(f"T{text}T", f"C{text}C", "Later.")))
            words = [squeezed(f"{mark}{text}{mark}") for mark in "TC"]
            await wait_until(pilot, lambda w=words: all(each in shown(app) for each in w))  # type: ignore[misc]
            app.clear_notifications()
