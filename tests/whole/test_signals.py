"""A closed window, a logout, ``kill``: each is a quit that leaves terminal and server tidy."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from textual.drivers.linux_driver import LinuxDriver

from tests.tools.altered import Alteration, place
from tests.tools.homes import Home
from tests.tools.waiting import wait_until

LEAVES_SCREEN, MOUSE_OFF = b"\x1b[?1049l", b"\x1b[?1000l"


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("way", ["SIGTERM", "SIGHUP", "closed window"])
def test_a_signal_quits_restores_the_terminal_and_stops_the_server(
    short_tmp_path: Path, way: str
) -> None:
    with Home(short_tmp_path) as home, home.on_terminal("--demo") as app:
        wait_until(lambda: app.shows("backfill") and home.servers(), "the demo", every_s=0.05)
        if way == "closed window":
            app.close()
        else:
            app.process.send_signal(getattr(signal, way))
        code = app.wait(30)
        assert home.servers() == []
        if way != "closed window":
            assert code == 0
            assert app.output.rindex(LEAVES_SCREEN) > 0
            assert app.output.rindex(MOUSE_OFF) > 0


def test_a_closed_window_ends_the_process_even_where_its_input_is_read_for_ever(
    short_tmp_path: Path,
) -> None:
    (short_tmp_path / "nothing").touch()
    where = place(LinuxDriver, "disable_input")
    broken = Alteration(bug=(where, str(short_tmp_path / "nothing")))
    with (
        Home(short_tmp_path) as home,
        home.on_terminal("--demo", alteration=broken) as app,
    ):
        wait_until(lambda: app.shows("backfill") and home.servers(), "the demo", every_s=0.05)
        app.close()
        app.wait(30)
        assert home.servers() == []
