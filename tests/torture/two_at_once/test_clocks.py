"""Processes whose clocks disagree by hours or by months: never two owners, nothing put off."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from linky_tui.domain.paris import utc_now
from tests.tools.altered import Alteration
from tests.tools.gateway import PRM
from tests.tools.homes import PATIENCE, Home
from tests.tools.waiting import wait_until
from tests.torture.conftest import Scale
from tests.torture.report import Tally
from tests.torture.two_at_once.together import (
    DAYS,
    Crowd,
    GatedSource,
    Run,
    assert_one_after_the_other,
    assert_polite,
    assert_said_busy,
    judge,
)

PER_DAY = 60
HOURS, DAY = timedelta(hours=5), timedelta(days=1)


def start(crowd: Crowd, home: Home, ahead: timedelta, *arguments: str) -> Run:
    """Start a run under a clock that is wrong by ``ahead``."""
    now = (utc_now() + ahead).isoformat() if ahead else ""
    alteration = Alteration(values=PATIENCE, now=now)
    return crowd.start(home, *arguments, "--json", alteration=alteration)


def test_clocks_that_disagree_make_no_second_owner_and_put_nothing_off(
    crowd: Crowd,
    source: GatedSource,
    where: dict[str, str],
    short_tmp_path: Path,
    scale: Scale,
    tally: Tally,
) -> None:
    row = tally("clocks that disagree")
    with Home(short_tmp_path, "one") as one, Home(short_tmp_path, "two") as two:
        for home in (one, two):
            home.configure(crowd.server, PRM, **where, per_day=PER_DAY)
        # The owner's clock is late: by its own the lease ran out long before it was taken.
        source.shut()
        late = start(crowd, one, -2 * DAY, "--sync")
        wait_until(lambda: source.asked.is_set() or not late.running, "the late one asks")
        wrong = [timedelta(), 300 * DAY, *([HOURS, -HOURS, -30 * DAY] if scale.long else [])]
        others = [start(crowd, two, ahead, "--sync") for ahead in wrong]
        for other in others:
            assert_said_busy(other.done(), late.process.pid)
            assert not crowd.requests_of(other)
        source.open()
        assert late.done().code == 0
        # Under an early clock the gateway is asked for days to come, and says so.
        for ahead in [40 * DAY, *([DAY, 3 * DAY] if scale.long else [])]:
            early = start(crowd, two, ahead, "--backfill")
            done = early.done()
            assert done.code == 1, done
            assert "clock" in done.document["error"]["cause"]
            assert crowd.requests_of(early) <= 4
        done = start(crowd, one, timedelta(), "--backfill").done()
        assert done.code == 0, done
        meter = done.document["meters"][0]
        assert (meter["days_complete"], meter["days_certified"]) == (DAYS, DAYS)
        assert_one_after_the_other(crowd.server)
        assert_polite(crowd.server, per_day=PER_DAY)
        judge(row, where, source.truth, tried=len(others) + 2)
