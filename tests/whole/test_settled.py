"""No saving is printed before the server has written to disk what it is computed from."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linky_tui.demo.server import RecordedSource
from linky_tui.domain.paris import ONE_DAY, day_start, today
from linky_tui.storage.store import Store
from tests.tools.gateway import PRM, SERIES, gateway, half_hours
from tests.tools.homes import Home
from tests.tools.mongod import PrivateMongod
from tests.tools.ports import free_port
from tests.tools.replica_set import ReplicaSet
from tests.tools.stored import open_store, put_regular, put_timeseries, readings
from tests.tools.waiting import wait_until

DATABASE = "electricity"
DAYS = 400
POINTS = 0.015
"""What a printed saving may differ from the one that is true for good."""
_ROW = re.compile(r"^(data|storage|indexes|total) .*?([0-9.]+) %\s*$", re.MULTILINE)


@contextmanager
def server_of(kind: str, folder: Path, checkpoints_s: int) -> Iterator[str]:
    """The address of a server of the test's own, which takes checkpoints every so often."""
    extra = ("--syncdelay", str(checkpoints_s))
    if kind == "replica set":
        with ReplicaSet(folder, *extra) as members:
            yield members.uri
    else:
        with PrivateMongod(folder / "mongod", *extra, port=free_port()) as server:
            yield server.uri


def stats(home: Home) -> Any:
    done = home.run("--stats", "--json")
    assert done.code == 0, done
    return done.document


@pytest.mark.parametrize("kind", ["standalone", "replica set"])
@pytest.mark.parametrize(
    ("checkpoints_s", "later_s"),
    [(6, 14.0), pytest.param(60, 90.0, marks=pytest.mark.long)],
)
def test_a_saving_that_is_printed_is_still_true_much_later(
    short_tmp_path: Path, kind: str, checkpoints_s: int, later_s: float
) -> None:
    source = RecordedSource(half_hours(today() - timedelta(days=DAYS), today() - ONE_DAY))
    with (
        server_of(kind, short_tmp_path, checkpoints_s) as uri,
        gateway(source) as server,
        Home(short_tmp_path) as home,
    ):
        home.configure(server, PRM, uri=uri, database=DATABASE)
        since = str(today() - timedelta(days=DAYS))
        with home.on_terminal("--backfill", "--since", since) as terminal:
            assert terminal.wait() == 0, terminal.output
            if checkpoints_s > 30:  # sooner, a busy machine has nothing to wait for
                assert terminal.shows("waiting until MongoDB has written to disk")
        shown = terminal.output.decode().replace("\r\n", "\n").rsplit("\x1b[K", 1)[1]
        printed = {label: float(number) / 100 for label, number in _ROW.findall(shown)}
        assert printed.keys() == {"data", "storage", "indexes", "total"}, shown
        first = stats(home)
        time.sleep(later_s)
        last = stats(home)
        assert first["settled"]
        assert last["settled"]
        for label, name in (("data", "data"), ("storage", "storage"), ("indexes", "index"),
                            ("total", "total")):  # fmt: skip
            assert abs(printed[label] - last["saved"][name]) < POINTS, (printed, last)
            assert abs(first["saved"][name] - last["saved"][name]) < POINTS, (first, last)


@contextmanager
def unsettled(folder: Path) -> Iterator[tuple[Home, Store, PrivateMongod]]:
    """A home whose readings were written just now, to a server that takes its time."""
    extra = ("--syncdelay", "3600")
    source = RecordedSource([])
    with (
        PrivateMongod(folder / "mongod", *extra, port=free_port()) as server,
        gateway(source) as api,
        Home(folder) as home,
        open_store(server.uri, DATABASE, folder) as store,
    ):
        home.configure(api, PRM, uri=server.uri, database=DATABASE)
        curve = readings(day_start(today() - timedelta(days=DAYS)), 5000)
        put_regular(store, SERIES, curve)
        put_timeseries(store, SERIES, curve)
        yield home, store, server


def test_ctrl_c_ends_the_wait_and_shows_what_is_known(short_tmp_path: Path) -> None:
    with unsettled(short_tmp_path) as (home, store, _), home.on_terminal("--stats") as terminal:
        wait_until(lambda: terminal.shows("waiting until MongoDB has written"), "the wait")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.wait() == 130, terminal.output
        assert terminal.shows("settling: MongoDB has not written everything to disk yet")
        assert terminal.shows("total – – settling")
        assert terminal.shows("650 kB")
        with home.on_terminal("--stats") as again:
            wait_until(lambda: again.shows("waiting until MongoDB has written"), "the wait")
            store.connection.client.admin.command("fsync")
            assert again.wait() == 0, again.output
        assert not again.shows("settling")


def test_a_backfill_that_nobody_watches_waits_for_nothing_and_says_settling(
    short_tmp_path: Path,
) -> None:
    with unsettled(short_tmp_path) as (home, _, _):
        done = home.run("--backfill", "--since", str(today() - timedelta(days=2)))
    shown = {line.split("  ")[0]: line.split()[1:] for line in done.out.splitlines() if line}
    for label in ("storage", "indexes", "total"):
        assert shown[label] == ["–", "–", "settling"], done
    assert shown["data"][-1] == "%"


def test_after_a_kill_of_the_server_no_figure_is_zero_or_false(short_tmp_path: Path) -> None:
    with unsettled(short_tmp_path) as (home, _, server):
        server.kill()
        server.start()
        found = stats(home)
        said = home.run("--stats")
        assert said.code == 0
    assert found["regular"]["data_bytes"] == 5000 * 130
    assert found["identical"] is True
    assert (found["timeseries"]["data_bytes"], found["saved"]["data"]) == (None, None)
    assert found["timeseries"]["buckets"] == 5
    assert found["settled"]
    assert 0.8 < found["saved"]["total"] < 1
    assert "0 B" not in said.out.replace("130.0 B", "")
    assert "the server's counters were lost in a crash; a rebuild measures anew" in said.out
