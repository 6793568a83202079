"""Every page and dialog of the application with both secrets in its configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Button, Input

from linky_tui.config.model import SECTIONS
from linky_tui.domain.paris import ONE_DAY, today
from linky_tui.ingest.events import Window
from linky_tui.ingest.jobs import JobKind
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.charts.date_dialog import DateDialog
from linky_tui.ui.settings.body import SettingsBody
from linky_tui.ui.settings.meter_dialog import MeterDialog
from linky_tui.ui.settings.unsaved_dialog import UnsavedDialog
from linky_tui.ui.shell.dialogs import ConfirmDialog, ErrorDialog
from linky_tui.ui.welcome.connect_form import ConnectForm
from tests.tools.app import has_finished, run_app, screen_text, wait_until
from tests.tools.marks import PASSWORD, Marks
from tests.tools.servers import TinyServer, talkative_mongod
from tests.torture.report import Tally
from tests.torture.secrets.echo import ECHOES
from tests.torture.secrets.stage import PRM, USER, Stage, config_file, configured
from tests.torture.secrets.test_mongodb import SAFE

FAULT = "secrets, every screen"
PAGES = {"d": "dashboard", "c": "charts", "b": "backfill", "o": "storage", "l": "log"}


class Looker:
    """Looks at an application: what it shows, its picture, its clipboard, its messages."""

    def __init__(self, app: LinkyApp, pilot: Pilot[None], marks: Marks, tally: Tally) -> None:
        self.app, self.pilot, self.marks = app, pilot, marks
        self._row = tally(FAULT)

    async def look(self, place: str) -> None:
        self._row.tried += 1
        await self.pilot.pause()
        self.marks.absent(f"{place}, text", screen_text(self.app))
        self.marks.absent(f"{place}, picture", self.app.export_screenshot())
        self.marks.absent(f"{place}, clipboard", self.app.clipboard)
        said = [f"{each.title} {each.message}" for each in self.app._notifications]
        self.marks.absent(f"{place}, messages", "\n".join(said))
        self.marks.absent(f"{place}, header", f"{self.app.meter_text} {self.app.state_texts[0]}")
        self._row.survived += 1

    async def until(self, kind: type[object]) -> None:
        await wait_until(self.pilot, lambda: isinstance(self.app.screen, kind))

    async def error_shown(self, place: str) -> None:
        await self.until(ErrorDialog)
        await self.look(place)
        await self.pilot.press("c")
        await wait_until(self.pilot, lambda: self.app.clipboard)
        await self.look(f"{place}, copied")
        await self.pilot.press("escape")
        await wait_until(self.pilot, lambda: not isinstance(self.app.screen, ErrorDialog))


@asynccontextmanager
async def running(
    file: Path, stage: Stage, tally: Tally, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Looker]:
    app = LinkyApp(file)
    async with run_app(app, size, notifications=True) as pilot:
        yield Looker(app, pilot, stage.marks, tally)
        app.ingest.stop()


async def test_no_page_shows_a_secret(
    stage: Stage, short_tmp_path: Path, tmp_path: Path, tally: Tally
) -> None:
    home = configured(stage, short_tmp_path, "pages")
    async with running(home.config, stage, tally) as at:
        app, pilot = at.app, at.pilot
        await wait_until(pilot, lambda: app.store_ready)
        await at.look("connected")
        app.start_job(JobKind.SYNC)
        await wait_until(pilot, lambda: has_finished(app))
        for key, page in PAGES.items():
            await pilot.press(key)
            await wait_until(pilot, lambda page=page: app.current_mode == page)  # type: ignore[misc]
            await pilot.pause(0.2)
            await at.look(page)
        await pilot.press("y")
        await wait_until(pilot, lambda: app.clipboard)
        await at.look("log, copied")
        await pilot.press("c")
        await pilot.press("slash")
        await at.until(DateDialog)
        await at.look("date dialog")
        await pilot.press("escape")
        await pilot.press("f1")
        await at.look("help")
        await pilot.press("f1")
        await pilot.press("ctrl+p")
        await pilot.pause(0.2)
        await pilot.press(*"Screenshot")
        await wait_until(pilot, lambda: "Screenshot" in screen_text(app))
        await at.look("palette")
        await pilot.press("escape", "escape")
        saved = app.deliver_screenshot(path=str(short_tmp_path))
        assert saved
        await wait_until(pilot, lambda: [*short_tmp_path.glob("*.svg")])
    assert stage.marks.absent_in_files(short_tmp_path, tmp_path) > 2


async def test_the_settings_mask_both_secrets(
    stage: Stage, short_tmp_path: Path, tmp_path: Path, tally: Tally
) -> None:
    home = configured(stage, short_tmp_path, "settings")
    async with running(home.config, stage, tally) as at:
        app, pilot = at.app, at.pilot
        await wait_until(pilot, lambda: app.store_ready)
        await pilot.press("g")
        await wait_until(pilot, lambda: app.screen.query("#field-mongodb-uri Input"))
        uri = app.screen.query_one("#field-mongodb-uri Input", Input)
        await wait_until(pilot, lambda: uri.value == stage.uri())
        for section in SECTIONS:
            app.screen.query_one(SettingsBody).show_section(section)
            await pilot.pause(0.1)
            await at.look(f"settings, {section}")
        app.screen.query_one(SettingsBody).show_section("mongodb")
        await masked_until_shown(at, uri, "#field-mongodb-uri .reveal")

        app.screen.query_one("#mongodb-test", Button).press()
        await wait_until(pilot, lambda: "answers in" in screen_text(app))
        await at.look("MongoDB tested")
        for number, wrong in enumerate((PASSWORD, f"{SAFE}-wrong", "%zz")):
            uri.value = f"mongodb://{USER}:{wrong.replace(' ', '')}@127.0.0.1:{stage.port}/"
            await pilot.pause()
            app.screen.query_one("#mongodb-test", Button).press()
            await wait_until(pilot, lambda: "✗" in screen_text(app))
            await at.look(f"MongoDB tested wrongly, {number}")
        await pilot.press("escape", "d")
        await at.until(UnsavedDialog)
        await at.look("unsaved")
        await pilot.press("escape")
        uri.value = stage.uri()

        app.screen.query_one(SettingsBody).show_section("meters")
        await wait_until(pilot, lambda: app.screen.query("#meter-0 .edit"))
        app.screen.query_one("#meter-0 .edit", Button).press()
        await at.until(MeterDialog)
        await at.look("meter dialog")
        token = app.screen.query_one("#field-meters-token Input", Input)
        assert token.value == stage.token
        await masked_until_shown(at, token, "#field-meters-token .reveal")
        token.value = f"{stage.token} {stage.token}"
        await at.look("a wrong token")
        token.value = stage.token
        await wait_until(pilot, lambda: app.screen.query_one("#ask").visible)
        app.screen.query_one("#ask", Button).press()
        await at.until(ConfirmDialog)
        await at.look("question")
        await pilot.press("enter")
        await wait_until(pilot, lambda: "Accepted" in screen_text(app))
        await at.look("asked")
        await pilot.press("escape")
        app.screen.query_one(SettingsBody).show_section("enedis")
    assert stage.marks.absent_in_files(short_tmp_path, tmp_path) > 2


async def masked_until_shown(at: Looker, secret: Input, button: str) -> None:
    """A secret in a field: masked, no way to copy it; shown on demand, and never in a picture."""
    app, pilot = at.app, at.pilot
    secret.focus()
    secret.select_all()
    await pilot.press("ctrl+c")
    await pilot.press("ctrl+insert")
    secret.action_copy()
    await at.look("focused and copied")
    value = secret.value
    secret.action_cut()
    assert secret.value == value
    await at.look("cut")
    app.screen.query_one(button, Button).press()
    await wait_until(pilot, lambda: not secret.password)
    secret.cursor_position = 0
    await pilot.pause()
    assert value[:12] in screen_text(app), "the user asked to see it"
    at.marks.absent("picture of a revealed secret", app.export_screenshot())
    assert secret.password
    await at.look("masked again")


async def test_connecting_shows_no_secret(
    stage: Stage, short_tmp_path: Path, tmp_path: Path, tally: Tally
) -> None:
    home = configured(stage, short_tmp_path, "welcome", meters=[])
    async with running(home.config, stage, tally) as at:
        app, pilot = at.app, at.pilot
        await wait_until(pilot, lambda: app.current_mode == "welcome")
        await at.look("welcome")
        await pilot.press("m")
        await wait_until(pilot, lambda: isinstance(app.screen.focused, Input))
        token = app.screen.query_one("#field-connect-token Input", Input)
        for value in (stage.token[:40], f"Bearer {stage.token}", f"{stage.token}.", stage.token):
            token.value = value
            await at.look("connect form")
        await wait_until(pilot, lambda: not app.screen.query_one("#connect-save").disabled)
        app.screen.query_one("#connect-save", Button).press()
        await wait_until(pilot, lambda: app.current_mode == "backfill")
        await wait_until(pilot, lambda: has_finished(app))
        await at.look("connected")
        assert app.config.meters[0].token == stage.token
        assert not [*app.query(ConnectForm)] or not token.value
    assert stage.marks.absent_in_files(short_tmp_path, tmp_path) > 2


ANSWERS = (
    "401 with the token alone",
    "400 with the signature",
    "403 with the payload",
    "code of the signature",
    "200 of the meter token",
    "200 with the token as a date",
    "ban with the token",
)


async def test_no_error_of_the_gateway_shows_a_secret(
    stage: Stage, short_tmp_path: Path, tmp_path: Path, tally: Tally
) -> None:
    home = configured(stage, short_tmp_path, "errors")
    answers = iter(ANSWERS)
    now = [next(answers)]
    day = today() - 2 * ONE_DAY  # at night a refusal of the newest day is no error
    with ExitStack() as stack:
        server = stack.enter_context(TinyServer(lambda handler: ECHOES[now[0]](handler)))
        values = stage.settings("errors") | {"api_url": server.url}
        file = config_file(home, "gateway", **values)
        async with running(file, stage, tally) as at:
            await wait_until(at.pilot, lambda: at.app.store_ready)
            while True:
                seen = len(server.seen)
                # Asked by hand, a day is asked whatever was answered before.
                assert at.app.start_job(JobKind.REFETCH, days=Window(day, day)), now
                await wait_until(at.pilot, lambda: not at.app.ingest.state.busy)
                assert len(server.seen) > seen, now
                await at.error_shown(now[0])
                if (following := next(answers, None)) is None:
                    break
                now[0] = following
            await at.pilot.press("l")
            await wait_until(at.pilot, lambda: at.app.current_mode == "log")
            await at.look("log")
            await at.pilot.press("y")
            await wait_until(at.pilot, lambda: "\n" in at.app.clipboard)
            await at.look("log, copied")
    assert stage.marks.absent_in_files(short_tmp_path, tmp_path) > 2


async def test_no_error_of_mongodb_shows_a_secret(
    stage: Stage, short_tmp_path: Path, tmp_path: Path, tally: Tally
) -> None:
    home = configured(stage, short_tmp_path, "mongodb")
    with talkative_mongod(18, f"Authentication failed: {PASSWORD} {stage.uri()}") as host:
        addresses = {
            "wrong password": stage.uri(f"{PASSWORD}!"),
            "talkative": f"mongodb://{USER}:{SAFE}@{host}/",
            "no address": f"mongodb://{USER}:{SAFE}@127.0.0.1:{SAFE}/",
        }
        for name, address in addresses.items():
            file = config_file(home, name, **(stage.settings("mongodb") | {"uri": address}))
            async with running(file, stage, tally) as at:
                await at.error_shown(name)
                assert PRM[-4:] in at.app.meter_text
                await at.pilot.press("o")
                await at.look(f"{name}, storage")
    stage.marks.absent_in_files(short_tmp_path, tmp_path)
