"""The application in a terminal and a run from cron at the same time, in both orders."""

from __future__ import annotations

from pathlib import Path

from linky_tui.demo.gateway import caller_of
from linky_tui.domain.paris import utc_now
from linky_tui.storage.server.local_server import LocalServer
from linky_tui.text.formatting import moment_text
from tests.tools.gateway import PRM, gateway
from tests.tools.homes import PATIENT, Home
from tests.tools.waiting import wait_until
from tests.torture.report import Tally
from tests.torture.two_at_once.together import (
    Crowd,
    GatedSource,
    assert_one_after_the_other,
    assert_polite,
    assert_said_busy,
    judge,
)


def test_whichever_comes_second_says_who_is_at_work(short_tmp_path: Path, tally: Tally) -> None:
    """On the embedded server, which both share and the last one stops."""
    source = GatedSource()
    row = tally("the application and a run from cron")
    with Home(short_tmp_path) as home, gateway(source) as server, Crowd(server) as crowd:
        home.configure(server, PRM, per_day=60)
        token = crowd.token()
        with home.on_terminal(alteration=PATIENT, LINKY_TUI_TOKEN=token) as app:
            wait_until(lambda: app.shows("Nothing is stored yet"), "the dashboard")
            source.shut()
            app.press("s")
            wait_until(source.asked.is_set, "the application asks")
            cron = crowd.start(home, "--sync", "--json")
            assert_said_busy(cron.done(), app.process.pid)
            assert not crowd.requests_of(cron)
            place = app.mark()
            source.open()
            wait_until(lambda: app.shows("half-hours.", place), "the application is done")

            source.shut()
            cron = crowd.start(home, "--backfill")
            wait_until(lambda: source.asked.is_set() or not cron.running, "cron asks")
            asked = sum(entry.caller == caller_of(token) for entry in server.log)
            place = app.mark()
            app.press("s")
            wait_until(lambda: app.shows("Another process is at work", place), "it says so")
            # The terminal hands over a screen in pieces.
            since = f" since {moment_text(utc_now())[:3]} "
            for words in (f"Process {cron.process.pid} on ", since):
                wait_until(lambda words=words: app.shows(words, place), words)  # type: ignore[misc]
            source.open()
            assert cron.done().code == 0
            place = app.mark()
            app.press("\r")
            # Charts are drawn anew behind a dialog, too, once there is more; its footer is not.
            wait_until(lambda: app.shows("Present", place), "the dialog closes")
            app.press("s")
            wait_until(lambda: app.shows("All is there already", place), "later it works")
            assert sum(entry.caller == caller_of(token) for entry in server.log) == asked
            app.press("q")
            wait_until(lambda: not app.running, "it quits")
            assert app.process.returncode == 0
        assert not home.servers()
        assert_one_after_the_other(server)
        assert_polite(server, per_day=60)
        with LocalServer.acquire(home.data_dir, home.runtime_dir) as embedded:
            judge(row, {"uri": embedded.uri}, source.truth, tried=2)
