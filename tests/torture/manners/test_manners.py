"""What a real host sees of us: the budget, a second between requests, no second try after a no.

The other torture tests assert the same of the simulator's log on loopback, where any pace may be
configured; here the host has another name, so that the limits cannot be configured away.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linky_tui.demo.server import ApiServer, Fault, FaultKind, RecordedSource, RequestLogEntry
from linky_tui.domain.paris import ONE_DAY, today
from linky_tui.enedis.budget import LEAST_SECONDS, MAX_PER_DAY
from tests.tools.gateway import PRM, half_hours
from tests.tools.homes import REAL_HOST, Home
from tests.tools.program import finished, killed
from tests.tools.servers import NAME, Authority
from tests.tools.waiting import wait_until
from tests.torture.conftest import Scale
from tests.torture.manners.manners import assert_manners, split_runs
from tests.torture.report import Tally

FAULTS = (
    *(FaultKind.TECHNICAL_ERROR, FaultKind.RESET, FaultKind.UNKNOWN_TYPE, FaultKind.NO_CONSENT),
    *(FaultKind.NOT_JSON, FaultKind.BAD_GATEWAY, FaultKind.BEFORE_ACTIVATION, FaultKind.QUOTA_OLD),
)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[tuple[ApiServer, Authority]]:
    authority = Authority(tmp_path)
    readings = half_hours(today() - timedelta(weeks=5), today() - ONE_DAY, step_min=60)
    context = authority.context(NAME)
    with ApiServer({PRM: RecordedSource(readings)}, block_after=100, tls=context) as server:
        yield server, authority


@pytest.fixture
def home(short_tmp_path: Path) -> Iterator[Home]:
    with Home(short_tmp_path) as made:
        yield made


def named(server: ApiServer) -> str:
    """The address of the server under a name that is not loopback."""
    return server.url.replace("127.0.0.1", NAME)


def start(home: Home, authority: Authority, *arguments: str) -> subprocess.Popen[str]:
    """Start a run that takes the gateway for a real host."""
    bundle = str(authority.bundle)
    return home.start(*arguments, alteration=REAL_HOST, REQUESTS_CA_BUNDLE=bundle)


def test_killed_and_started_again_it_never_asks_within_a_second(
    home: Home, gateway: tuple[ApiServer, Authority], scale: Scale, tally: Tally
) -> None:
    """Also right after the kill, when nobody knows whether the last request is still on its way."""
    server, authority = gateway
    random = scale.random("manners")
    home.configure(server, PRM, api_url=named(server), seconds=0.0, per_day=5000)
    row = tally("a real host, killed while asking: no request within a second")
    starts_s = []
    for _ in range(scale.times(2, 20)):
        starts_s.append(time.monotonic())
        asked = len(server.log)
        process = start(home, authority, "--backfill", "--quiet")
        wait_until(
            lambda asked=asked, process=process: (  # type: ignore[misc]
                len(server.log) > asked or process.poll() is not None
            ),
            "a request",
            every_s=0.005,
        )
        time.sleep(random.uniform(0, 0.2))
        row.tried += killed(process)
    starts_s.append(time.monotonic())
    runs = split_runs(server.log, starts_s)
    assert sum(map(len, runs)) == len(server.log) >= row.tried >= 1
    assert_manners(runs, per_day=MAX_PER_DAY, pace_s=LEAST_SECONDS)
    row.survived = row.tried


def test_whatever_it_answers_a_real_host_is_asked_politely(
    home: Home, gateway: tuple[ApiServer, Authority], scale: Scale, tally: Tally
) -> None:
    server, authority = gateway
    home.configure(server, PRM, api_url=named(server), seconds=0.0, per_day=5000)
    faults = list(FAULTS[:-1])
    scale.random("faults").shuffle(faults)
    # Last of all: its pause holds for every run after it.
    faults.append(FAULTS[-1])
    starts_s = []
    row = tally("a real host answers with faults: its limits hold")
    for number, kind in enumerate(faults[-scale.times(2, len(faults)) :]):
        # With nothing stored there is something to ask each time; the count is kept elsewhere.
        shutil.rmtree(home.data_dir, ignore_errors=True)
        server.clear_faults()
        server.inject(Fault(kind, after=number % 3, times=2))
        starts_s.append(time.monotonic())
        done = finished(start(home, authority, "--sync", "--json"))
        assert done.code in (0, 1, 2, 3), done.err
        assert done.document["requests"]["made"] <= MAX_PER_DAY
        row.tried += 1
    assert any(entry.status == 429 for entry in server.log)
    starts_s.append(time.monotonic())
    finished(start(home, authority, "--sync", "--json"))
    runs = split_runs(server.log, starts_s)
    assert sum(map(len, runs)) == len(server.log)
    assert all(runs[: row.tried]), "each of them asked"
    assert_manners(runs, per_day=MAX_PER_DAY, pace_s=LEAST_SECONDS)
    assert not server.blocked
    row.survived = row.tried


def entry(seconds: float, status: int | None = 200, start: str = "2026-11-01") -> RequestLogEntry:
    at = datetime(2026, 11, 22, 9, tzinfo=UTC) + timedelta(seconds=seconds)
    return RequestLogEntry(
        at, seconds, "GET", "courbe", PRM, start, "2026-11-08", status, None, "linky-tui/1"
    )


def other(seconds: float, status: int | None = 200) -> RequestLogEntry:
    return entry(seconds, status, start=f"other at {seconds}")


@pytest.mark.parametrize(
    ("runs", "limits"),
    [
        ([[entry(0, 400), entry(5)]], {}),
        ([[entry(0, 500), entry(5, None), entry(9)]], {}),
        ([[other(0)], [other(0.9)]], {"pace_s": 1.0}),
        ([[other(0), other(1)], [other(2)]], {"per_day": 2}),
        ([[other(0, 429)], [other(3599)]], {}),
        ([[replace(other(0, 429), next_access=entry(60).at), other(59)]], {}),
    ],
)
def test_bad_manners_are_noticed(
    runs: list[list[RequestLogEntry]], limits: dict[str, float]
) -> None:
    with pytest.raises(AssertionError):
        assert_manners(runs, **limits)  # type: ignore[arg-type]


def test_good_manners_are_taken_for_good() -> None:
    quota = replace(other(20, 429), next_access=entry(60).at)
    days_ahead = replace(other(100, 429), next_access=entry(400_000).at)
    runs = [[entry(0, 500), entry(5)], [entry(10), quota, other(60), days_ahead, other(3600)]]
    assert_manners(runs, per_day=7, pace_s=1.0)
