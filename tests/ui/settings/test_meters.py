"""Meters and MongoDB in the settings: edited, tested, without a word of a secret."""

from __future__ import annotations

from collections.abc import Iterator

import pymongo
import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input, Select

from linky_tui.config import load
from linky_tui.demo.household import DEMO_PRM
from linky_tui.demo.server import ApiServer, FaultKind
from linky_tui.domain.models import Flow, Series
from linky_tui.ingest.jobs import JobKind
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.forms.fields import Field
from linky_tui.ui.settings.meter_dialog import MeterDialog
from linky_tui.ui.settings.meters_panel import MeterCard
from linky_tui.ui.settings.page import SettingsPage
from linky_tui.ui.settings.panels import UNTESTED
from linky_tui.ui.shell.dialogs import ConfirmDialog
from tests.tools.app import HOME, flowing, screen_text, token_for, wait_until
from tests.ui.conftest import MakeApp, Running
from tests.ui.settings.test_page import field, open_settings, saved, shows_secret, state, type_into

OTHER = "98765432109876"
PASSWORD = "hunter2hunter2"


async def open_meters(app: LinkyApp, pilot: Pilot[None]) -> None:
    await open_settings(app, pilot, "meters")
    await wait_until(pilot, lambda: "Add a meter" in screen_text(app))


def is_open(app: LinkyApp) -> bool:
    """Whether the dialog is there, filled and drawn: a click before that goes nowhere."""
    return (
        isinstance(app.screen, MeterDialog)
        and all(field.loaded for field in app.screen.query(Field))
        and "Cancel" in screen_text(app)
    )


async def fill(app: LinkyApp, pilot: Pilot[None], name: str, text: str) -> None:
    app.screen.query_one(f"#field-meters-{name} Input", Input).value = text
    await pilot.pause()


async def test_a_refused_token_leads_to_the_card_that_tells_of_it(running: Running) -> None:
    """Until the gateway takes the same token."""
    with ApiServer({DEMO_PRM: HOME}) as server:
        async with running((120, 40), server=server) as (app, pilot):
            for said in ("✗ The gateway refused this token", "✓ Covers 1 meter"):
                refused = said.startswith("✗")
                if refused:
                    server.inject(FaultKind.TOKEN_REFUSED)
                app.start_job(JobKind.SYNC)
                await wait_until(pilot, lambda: not app.ingest.state.busy)
                server.clear_faults()
                if refused:
                    await wait_until(pilot, lambda: app.screen.query(".next-step"))
                    (step,) = app.screen.query(".next-step")
                    assert "enter it in the settings (g)." in str(step.render())
                    await pilot.press("escape", "b")
                    await wait_until(pilot, lambda: "in the settings (g)." in flowing(app))
                await open_meters(app, pilot)
                await wait_until(pilot, lambda said=said: said in screen_text(app))  # type: ignore[misc]
                await pilot.press("escape", "d")


async def test_a_meter_is_added_from_a_token_with_two_prms(make_app: MakeApp) -> None:
    app = make_app(empty=True)
    token = token_for(DEMO_PRM, OTHER)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_meters(app, pilot)
        await pilot.click("#add-meter")
        await wait_until(pilot, lambda: is_open(app))
        await fill(app, pilot, "token", token)
        await wait_until(pilot, lambda: "Covers 2 meters, valid until" in screen_text(app))
        offer = app.screen.query_one("#meter-offer", Select)
        assert offer.display
        offer.value = OTHER
        await wait_until(pilot, lambda: OTHER in screen_text(app))
        await fill(app, pilot, "name", "Barn")
        assert not shows_secret(app, token)
        await pilot.click("#ok")
        await wait_until(pilot, lambda: len(app.screen.query(MeterCard)) == 2)
        await wait_until(pilot, lambda: "Not saved yet: Meters" in state(app))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: "Saved in" in state(app))
        assert [(m.prm, m.name) for m in saved(app).meters] == [
            (DEMO_PRM, "Maison"),
            (OTHER, "Barn"),
        ]
        assert saved(app).meters[1].token == token
        # The cards are made anew after a save.
        await wait_until(pilot, lambda: app.screen.query("#meter-1 .show"))
        await pilot.click("#meter-1 .show")
        await wait_until(pilot, lambda: app.series == Series(OTHER))
        assert "Barn" in app.meter_text


async def test_the_only_prm_of_a_token_is_filled_in(running: Running) -> None:
    async with running(empty=True, meters=()) as (app, pilot):
        await open_meters(app, pilot)
        assert "No meter yet" in screen_text(app)
        await pilot.click("#add-meter")
        await wait_until(pilot, lambda: is_open(app))
        await pilot.press("ctrl+s")
        assert isinstance(app.screen, MeterDialog)  # nothing is filled in yet
        await fill(app, pilot, "token", token_for(OTHER))
        await wait_until(pilot, lambda: OTHER in screen_text(app))
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: len(app.screen.query(MeterCard)) == 1)


async def test_a_meter_is_edited_never_doubled_and_removed(running: Running) -> None:
    async with running(empty=True, meters=(DEMO_PRM, OTHER)) as (app, pilot):
        await open_meters(app, pilot)
        await pilot.click("#meter-1 .edit")
        await wait_until(pilot, lambda: is_open(app))
        await fill(app, pilot, "prm", DEMO_PRM)
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: "Another meter has this PRM" in screen_text(app))
        await fill(app, pilot, "prm", "123")
        await wait_until(pilot, lambda: "✗ The value has 3 characters." in screen_text(app))
        await fill(app, pilot, "prm", DEMO_PRM)
        app.screen.query_one("#field-meters-flow Select", Select).value = "production"
        await pilot.pause()
        await pilot.click("#ok")
        await wait_until(pilot, lambda: isinstance(app.screen, SettingsPage))
        await wait_until(pilot, lambda: "Maison · 12345678901234 · production" in screen_text(app))
        await pilot.click("#meter-0 .remove")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.click("#yes")
        await wait_until(pilot, lambda: len(app.screen.query(MeterCard)) == 1)
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: "Saved in" in state(app))
        (meter,) = saved(app).meters
        assert (meter.prm, meter.flow) == (DEMO_PRM, Flow.PRODUCTION)


async def test_ok_takes_what_was_typed_right_before_it(running: Running) -> None:
    async with running(empty=True) as (app, pilot):
        await open_meters(app, pilot)
        await pilot.click("#meter-0 .edit")
        await wait_until(pilot, lambda: is_open(app))
        dialog = app.screen
        assert isinstance(dialog, MeterDialog)
        dialog.query_one("#field-meters-name Input", Input).value = "Cellar"
        dialog.action_take()  # before the dialog has heard of the new name
        await wait_until(pilot, lambda: "Cellar" in screen_text(app))


async def test_a_new_token_pasted_into_a_meter_takes_the_place_of_the_old_one(
    running: Running,
) -> None:
    async with running(empty=True) as (app, pilot):
        await open_meters(app, pilot)
        await pilot.click("#meter-0 .edit")
        await wait_until(pilot, lambda: is_open(app))
        await wait_until(pilot, lambda: isinstance(app.focused, Input))
        new = token_for(DEMO_PRM, OTHER)
        assert app.focused is not None
        app.focused.post_message(Paste(new))
        await wait_until(pilot, lambda: "Covers 2 meters, valid until" in screen_text(app))
        assert app.screen.query_one("#field-meters-token", Field).text == new


@pytest.fixture
def gateway() -> Iterator[ApiServer]:
    with ApiServer({DEMO_PRM: HOME}) as server:
        yield server


async def test_a_request_is_sent_only_on_confirmation_and_counted(
    running: Running, gateway: ApiServer
) -> None:
    async with running(empty=True, api_url=gateway.url, token=gateway.token) as (app, pilot):
        await open_meters(app, pilot)
        await pilot.click(".edit")
        await wait_until(pilot, lambda: is_open(app))
        await pilot.click("#ask")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "80 are left today" in screen_text(app)
        await pilot.click("#leave")
        await wait_until(pilot, lambda: is_open(app))
        assert gateway.log == []
        await pilot.click("#ask")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.click("#yes")
        await wait_until(pilot, lambda: "✓ Accepted: 7 days" in screen_text(app))
        assert [entry.type for entry in gateway.log] == ["consommation_quotidienne"]
        await fill(app, pilot, "name", "Cellar")
        assert "✓ Accepted" in screen_text(app)
        await fill(app, pilot, "token", token_for(DEMO_PRM))
        assert "✓ Accepted" not in screen_text(app), "that was another token"
        await pilot.click("#ask")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "79 are left today" in screen_text(app)
        await pilot.click("#yes")
        await wait_until(pilot, lambda: "✗ The token is refused" in screen_text(app))


def mongodb_said(app: LinkyApp) -> str:
    return str(app.screen.query_one("#mongodb-test-result").render())


async def test_mongodb_is_tested_as_typed(make_app: MakeApp, mongod_uri: str) -> None:
    app = make_app(empty=True)
    with pymongo.MongoClient[dict[str, object]](mongod_uri) as client:
        version = client.server_info()["version"]
        roles = [{"role": "read", "db": app.config.mongodb.database}]
        client.admin.command("createUser", "settings_reader", pwd=PASSWORD, roles=roles)
        try:
            async with app.run_test(size=(120, 40)) as pilot:
                await open_settings(app, pilot)
                await pilot.click("#mongodb-test")
                await wait_until(pilot, lambda: f"✓ MongoDB {version}" in mongodb_said(app))
                assert "both collections exist" in mongodb_said(app)
                user = f"settings_reader:{PASSWORD}"
                uri = mongod_uri.replace("://", f"://{user}@") + "/?authSource=admin"
                await type_into(app, pilot, "mongodb-uri", uri)
                await pilot.click("#mongodb-test")
                await wait_until(pilot, lambda: "This user may not insert" in mongodb_said(app))
                assert not shows_secret(app, PASSWORD)
                await type_into(app, pilot, "mongodb-uri", uri.replace(PASSWORD, f"{PASSWORD}0"))
                await pilot.click("#mongodb-test")
                await wait_until(pilot, lambda: "✗ MongoDB refuses the user" in mongodb_said(app))
                assert not shows_secret(app, PASSWORD)
                await type_into(app, pilot, "mongodb-uri", f"mongodb://me:{PASSWORD}@127.0.0.1:1")
                await pilot.click("#mongodb-test")
                await wait_until(pilot, lambda: "Connecting…" in mongodb_said(app))
                await pilot.press("escape", "right")  # keys are never blocked by it
                await wait_until(pilot, lambda: app.screen.query("#section-enedis"))
                assert not shows_secret(app, PASSWORD)
        finally:
            client.admin.command("dropUser", "settings_reader")
    assert load(app.config.path, {}).mongodb.uri == mongod_uri


async def test_a_verdict_goes_with_what_it_is_about_and_moves_no_field(running: Running) -> None:
    async with running(empty=True) as (app, pilot):
        await open_settings(app, pilot)
        before = [each.region for each in app.screen.query(Field) if each.region]
        await pilot.click("#mongodb-test")
        await wait_until(pilot, lambda: mongodb_said(app).startswith("✓"))
        await pilot.pause()
        assert [each.region for each in app.screen.query(Field) if each.region] == before
        await type_into(app, pilot, "mongodb-uri", "mongodb://127.0.0.1:9/")
        await wait_until(pilot, lambda: mongodb_said(app) == UNTESTED)
        await pilot.click("#mongodb-test")
        await type_into(app, pilot, "mongodb-uri", app.config.mongodb.uri)
        await wait_until(pilot, lambda: mongodb_said(app) == UNTESTED)
        await pilot.click("#mongodb-test")
        await wait_until(pilot, lambda: mongodb_said(app).startswith("✓"))


async def test_nothing_is_connected_while_a_field_is_wrong(running: Running) -> None:
    async with running(empty=True) as (app, pilot):
        await open_settings(app, pilot)
        await type_into(app, pilot, "mongodb-collection", "consumptionTS")
        await pilot.click("#mongodb-test")
        await wait_until(pilot, lambda: "✗ Correct the fields with this sign" in screen_text(app))
        wrong = "✗ This is the name of another collection."
        await wait_until(pilot, lambda: wrong in screen_text(app))
        assert "✗ Time series collection" in screen_text(app)
        assert field(app, "mongodb-collection").text == "consumptionTS"
        uri = f"mongodb://me:{PASSWORD}@127.0.0.1:9/?tls=true&tlsInsecure=true"
        await type_into(app, pilot, "mongodb-uri", uri)
        field(app, "mongodb-uri").focus_control()
        await wait_until(pilot, lambda: "✗ The value switches off the check" in screen_text(app))
        assert not shows_secret(app, PASSWORD)
