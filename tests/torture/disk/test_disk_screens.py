"""The application on a bad disk: it opens, says what is wrong, and goes on when that is over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from linky_tui.ingest.jobs import JobKind
from linky_tui.system import paths
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.shell import store_app
from linky_tui.ui.shell.dialogs import ErrorDialog
from linky_tui.ui.shell.messages import StoreFailed
from tests.tools.app import flowing, run_app, screen_text, wait_until
from tests.tools.gateway import PRM, Turnstile
from tests.torture.disk.disks import fill, immutable, small_disk, snapshot
from tests.torture.ground import SOON_S, Ground, ground

SIZE = (100, 32)
PATIENCE_S = 90.0


@pytest.fixture
def home(short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """A home that this process lives in, too."""
    with ground(short_tmp_path) as made:
        live_in(made, monkeypatch)
        yield made


def live_in(made: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(made.folder))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(made.runtime_dir))
    assert paths.data_dir() == made.data_dir


def dialog_says(app: LinkyApp, *words: str) -> bool:
    shown = flowing(app)
    return isinstance(app.screen, ErrorDialog) and all(word in shown for word in words)


@pytest.mark.fault("bad disks under the application")
async def test_a_full_data_folder_is_said_and_left_behind_when_there_is_space(
    home: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_app, "SLOW_RETRY_S", 0.5)
    home.settle()
    with small_disk(home.data_dir, "30m") as disk:
        ballast = fill(disk)
        app = LinkyApp()
        async with run_app(app, SIZE) as pilot:
            await wait_until(pilot, lambda: dialog_says(app, "disk is full"), PATIENCE_S)
            assert "Free some space" in screen_text(app)
            await pilot.press("escape")
            await wait_until(pilot, lambda: "trying again" in screen_text(app), PATIENCE_S)
            ballast.unlink()
            await wait_until(pilot, lambda: app.store_ready, PATIENCE_S)


@pytest.mark.fault("bad disks under the application")
async def test_a_disk_that_fills_up_is_told_as_that_and_as_nothing_else(
    short_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every question fails when mongod dies: the server's own log says why, before anybody else."""
    told: list[str] = []
    listening = store_app.StoreApp.on_store_failed

    def noted(app: store_app.StoreApp, message: StoreFailed) -> None:
        told.append(message.error.title)
        listening(app, message)

    monkeypatch.setattr(store_app.StoreApp, "on_store_failed", noted)
    monkeypatch.setattr(store_app, "SLOW_RETRY_S", 0.5)
    with (
        ground(short_tmp_path, days=150, step_min=10, kind=Turnstile) as home,
        small_disk(home.data_dir, "13m") as disk,
    ):
        live_in(home, monkeypatch)
        weeks = home.source
        assert isinstance(weeks, Turnstile)
        home.settle()
        home.started()
        weeks.let(2)
        app = LinkyApp()
        async with run_app(app, SIZE) as pilot:
            await wait_until(pilot, lambda: app.store_ready, PATIENCE_S)
            assert app.start_job(JobKind.BACKFILL)
            await wait_until(pilot, lambda: weeks.asked > 2, PATIENCE_S)
            fill(disk)
            weeks.let()
            await wait_until(pilot, lambda: dialog_says(app, "disk is full"), PATIENCE_S)
            await pilot.press("escape", "o")
            await wait_until(pilot, lambda: len(told) > 3, PATIENCE_S)
    assert set(told) == {"The disk is full"}


@pytest.mark.fault("bad disks under the application")
async def test_requests_that_cannot_be_counted_are_not_sent(
    home: Ground, where: dict[str, str]
) -> None:
    home.settle(**where)
    assert home.run("--sync", "--json").code == 0
    sent = home.requests()
    app = LinkyApp()
    async with run_app(app, SIZE) as pilot:
        await wait_until(pilot, lambda: app.store_ready, PATIENCE_S)
        with immutable(home.budget_file):
            assert app.start_job(JobKind.BACKFILL)
            await wait_until(pilot, lambda: dialog_says(app, "counted"), PATIENCE_S)
            assert home.requests() == sent
        await pilot.press("escape")
        home.started()
        assert app.start_job(JobKind.BACKFILL)
        await wait_until(pilot, lambda: home.requests() > sent, PATIENCE_S)
        await wait_until(pilot, lambda: not app.ingest.state.busy, PATIENCE_S)


@pytest.mark.fault("bad disks under the application")
async def test_a_theme_that_cannot_be_saved_is_said(home: Ground, where: dict[str, str]) -> None:
    home.settle(**where)
    before = snapshot(home.config.parent)
    app = LinkyApp()
    with immutable(home.config):
        async with run_app(app, SIZE, notifications=True) as pilot:
            await wait_until(pilot, lambda: app.store_ready, PATIENCE_S)
            app.theme = "nord"
            await wait_until(pilot, lambda: "was not saved" in screen_text(app), PATIENCE_S)
    assert snapshot(home.config.parent) == before


@pytest.mark.fault("bad disks under the application")
async def test_a_file_in_place_of_the_socket_is_said_and_kept(home: Ground) -> None:
    home.settle()
    place = home.data_dir / "mongodb" / "mongod.sock"
    place.parent.mkdir(mode=0o700, parents=True)
    place.write_text("dear diary")
    app = LinkyApp()
    async with run_app(app, SIZE) as pilot:
        await wait_until(pilot, lambda: dialog_says(app, "is no socket"), PATIENCE_S)
    assert place.read_text() == "dear diary"


@pytest.mark.parametrize("what", ["damaged", "pipe"])
@pytest.mark.fault("bad disks under the application")
def test_a_damaged_configuration_is_said_on_the_terminal(what: str, home: Ground) -> None:
    home.config.parent.mkdir(parents=True)
    if what == "pipe":
        os.mkfifo(home.config)
    else:
        home.config.write_bytes(b"[[meters]]\nprm = '" + PRM.encode())
    with home.on_terminal() as terminal:
        assert terminal.wait(SOON_S) == 2
        assert terminal.shows(str(home.config))
        assert not terminal.shows("Traceback")
