"""Owners of a lease that were killed, froze, or live elsewhere: never two, nothing doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from linky_tui.demo.server import RecordedSource
from linky_tui.domain.paris import today
from linky_tui.storage.collections import confirmed_writes
from linky_tui.storage.leases import lease
from linky_tui.storage.leases.lease import LEASE_S
from tests.tools.altered import Alteration, values_in
from tests.tools.gateway import PRM
from tests.tools.homes import PATIENCE, Home
from tests.tools.program import finished, killed
from tests.tools.waiting import wait_until
from tests.torture.conftest import Scale
from tests.torture.report import Row, Tally
from tests.torture.two_at_once.together import (
    Crowd,
    GatedSource,
    Run,
    assert_one_after_the_other,
    assert_polite,
    assert_said_busy,
    database,
    double_a_reading,
    judge,
)

LEASES = "consumption_leases"
FREEZES = {
    "readings sent": ("insert consumptionTS", 2),
    "readings checked": ("bulk consumptionTS", 2),
    "correction sent": ("update consumption", 1),
    "days sent": ("update consumption_days", 3),
    "drop sent": ("drop consumptionTS", 1),
    "filling sent": ("insert consumptionTS", 1),
    "first copy sent": ("insert consumption", 2),
    "before a request": ("findAndModify consumption_requests", 4),
}
"""Moments at which an owner stops itself with SIGSTOP."""
SHORT = {"readings sent", "drop sent", "before a request"}
AGED_S = 4.5
"""Frozen for longer than this, it has to ask for its lease."""
# In proportion: a lease of a minute is renewed every 15 s, fresh for 5, a write takes 10.
# Enough for a loaded machine, which has to come to the freeze first.
HURRY = {
    **values_in(lease, RENEW_EVERY_S=2.0, FRESH_S=1.6, WRITE_LIMIT_S=4.0),
    **values_in(confirmed_writes, STEP_LIMIT_S=4.0),
}


@pytest.fixture
def homes(crowd: Crowd, where: dict[str, str], short_tmp_path: Path) -> Iterator[tuple[Home, Home]]:
    """Two machines with one database and one gateway."""
    with Home(short_tmp_path, "one") as one, Home(short_tmp_path, "two") as two:
        for home in (one, two):
            home.configure(crowd.server, PRM, **where, per_day=60)
        yield one, two


def hold_the_evening_back(source: GatedSource) -> None:
    """Let Enedis publish no more than the first 44 half hours of the last day."""
    day = source.truth[:-4]
    source.remove(source.last, source.last)
    source.put(day)


def correct(source: GatedSource) -> None:
    """Let Enedis publish the rest of the last day, and correct a reading of it."""
    source.put(source.truth)
    source.correct(source.truth[-40].start, 6_000)
    source.truth = list(RecordedSource.curve(source, source.first, today()))


def make_worth_asking(where: dict[str, str]) -> None:
    """As if the hour had passed in which the last day is not asked again."""
    with database(where) as opened:
        day = (today() - timedelta(1)).isoformat()
        changed = opened["consumption_days"].update_one(
            {"_id.day": day}, {"$set": {"last_attempt": None}}
        )
        assert changed.modified_count == 1


def let_lease_run_out(where: dict[str, str]) -> None:
    """As if the minute had passed on the server's clock, by which leases are judged."""
    past = [{"$set": {"expires": {"$subtract": ["$expires", (LEASE_S + 1) * 1000]}}}]
    with database(where) as opened:
        changed = opened[LEASES].update_one({"_id.prm": PRM, "expires": {"$ne": None}}, past)
        assert changed.matched_count == 1


def kill_at_the_gate(crowd: Crowd, source: GatedSource, home: Home) -> Run:
    """A run that is killed while it waits for an answer, and holds its lease."""
    source.shut()
    run = crowd.start(home, "--backfill")
    wait_until(lambda: source.asked.is_set() or not run.running, "the first request")
    assert killed(run.process)
    source.open()
    # The gateway notes a request when it answers.
    wait_until(
        lambda: crowd.requests_of(run) and not source.waiting, "the answer to a dead process"
    )
    return run


def test_a_killed_owner_is_followed_at_once_here_and_after_a_minute_elsewhere(
    crowd: Crowd, source: GatedSource, homes: tuple[Home, Home], where: dict[str, str], tally: Tally
) -> None:
    one, two = homes
    kill_at_the_gate(crowd, source, one)
    owner = kill_at_the_gate(crowd, source, one)
    busy = crowd.start(two, "--sync", "--json")
    assert_said_busy(busy.done(), owner.process.pid)
    assert crowd.requests_of(busy) == 0
    let_lease_run_out(where)
    assert crowd.start(two, "--backfill").done().code == 0
    assert_one_after_the_other(crowd.server)
    assert_polite(crowd.server, per_day=60)
    row = tally("owner of the lease killed")
    judge(row, where, source.truth, tried=2)


def is_frozen(process: subprocess.Popen[str]) -> bool:
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("moment", FREEZES)
def test_a_frozen_owner_wakes_up_after_another_took_over(
    crowd: Crowd,
    source: GatedSource,
    homes: tuple[Home, Home],
    where: dict[str, str],
    scale: Scale,
    tally: Tally,
    moment: str,
) -> None:
    """The hard cases: what it was about to write is behind the last look at any clock."""
    if moment not in SHORT and not scale.long:
        pytest.skip("--long")
    one, two = homes
    if moment in ("drop sent", "filling sent"):
        assert crowd.start(two, "--backfill").done().code == 0
        double_a_reading(where)
    if moment == "correction sent":
        hold_the_evening_back(source)
        assert crowd.start(two, "--backfill").done().code == 0
        correct(source)
        make_worth_asking(where)
    name, number = FREEZES[moment]
    freeze = Alteration(values=PATIENCE | HURRY, moment=name, number=number, signal=signal.SIGSTOP)
    owner = crowd.start(one, "--backfill", "--json", alteration=freeze)
    wait_until(lambda: is_frozen(owner.process) or not owner.running, "the freeze")
    frozen_s = time.monotonic()
    assert owner.running, owner.done()
    try:
        asked = crowd.requests_of(owner)
        let_lease_run_out(where)
        done = crowd.start(two, "--backfill", "--json").done()
        assert done.code == 0, done
        judge(Row("by then"), where, source.truth)
        time.sleep(max(0.0, frozen_s + AGED_S - time.monotonic()))
    finally:
        os.kill(owner.process.pid, signal.SIGCONT)
    done = finished(owner.process)
    assert done.code == 3, done
    assert "took over" in done.document["error"]["title"], done.out
    # It asked nothing more, and what was on its way when it froze is undone.
    assert crowd.requests_of(owner) == asked
    assert_one_after_the_other(crowd.server)
    assert_polite(crowd.server, per_day=60)
    judge(tally("owner of the lease frozen"), where, source.truth)
