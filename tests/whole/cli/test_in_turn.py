"""Several meters in one run: in turn within one budget, and the trouble of one stops no other."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine

from linky_tui.demo.rules import GatewayRequest
from linky_tui.demo.server import ApiServer, Fault, FaultKind, RecordedSource, RequestLogEntry
from linky_tui.domain.models import DailyTotal, Series
from linky_tui.domain.paris import ONE_DAY, days_between
from tests.tools.altered import Alteration
from tests.tools.gateway import half_hours
from tests.tools.program import Done, finished, here, start
from tests.tools.stored import held, open_store
from tests.tools.terminal import Terminal
from tests.whole.cli.conftest import NOW, YESTERDAY, A, B, C, database

WEEKS = [YESTERDAY - timedelta(days=6 + 7 * number) for number in range(4)]
"""The first days of the weeks, newest first."""
SINCE = WEEKS[-1]
BACKFILL = "--backfill", "--since", SINCE.isoformat(), "--json"


class Homes:
    """A gateway with a home of its own behind each meter, from four weeks ago into the future."""

    def __init__(self, stack: ExitStack, *prms: str) -> None:
        readings = half_hours(SINCE, YESTERDAY + timedelta(days=20))
        self.sources = {
            prm: RecordedSource([replace(each, power_w=each.power_w + extra) for each in readings])
            for extra, prm in zip(range(1, 9), prms, strict=False)
        }
        server = ApiServer(self.sources, floor_answer="error", block_after=None)
        self.server = stack.enter_context(server)

    @property
    def log(self) -> list[RequestLogEntry]:
        return self.server.log

    def curves(self) -> list[tuple[str, date]]:
        """The load curve requests in order: meter and first day."""
        return [(each.prm or "", day_of(each)) for each in self.log if "courbe" in each.type]

    def trouble(self, prm: str, kind: FaultKind) -> None:
        def is_meant(request: GatewayRequest) -> bool:
            return request.prm == prm

        self.server.inject(Fault(kind, times=None, when=is_meant))

    def assert_exact(
        self, terminal: Terminal, folder: Path, *prms: str, last: date, again: int = 0
    ) -> None:
        """All is stored in both collections, and nothing was asked twice but ``again``."""
        with open_store(terminal.uri, terminal.database, folder) as store:
            for prm in prms:
                truth = self.sources[prm].curve(SINCE, last + ONE_DAY)
                assert held(store, Series(prm)) == truth
            regular, timeseries = store.readings.counts()
            assert regular == timeseries
            assert store.leases.in_use() == set()
        assert terminal.run("--verify", "--json").document["status"] == "identical"
        asked = {(each.type, each.prm, each.start, each.end) for each in self.log}
        assert len(self.log) - len(asked) == again


def day_of(entry: RequestLogEntry) -> date:
    return date.fromisoformat(entry.start or "")


def statuses(done: Done) -> dict[str, str]:
    return {each["prm"]: each["status"] for each in done.document["meters"]}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_meters_are_asked_in_turn_the_newest_week_of_each_first(
    terminal: Terminal, stack: ExitStack, tmp_path: Path
) -> None:
    homes = Homes(stack, A, B, C)
    terminal.configure(homes.server, A, B, C)
    done = terminal.run(*BACKFILL)
    assert (done.code, done.document["status"]) == (0, "complete")
    assert homes.curves() == [(prm, first) for first in WEEKS for prm in (A, B, C)]
    # Nothing else of any meter goes before the newest week of all.
    assert [each.prm for each in homes.log[:3]] == [A, B, C]
    assert all("courbe" in each.type for each in homes.log[:3])
    assert done.document["requests"]["made"] == len(homes.log)
    homes.assert_exact(terminal, tmp_path, A, B, C, last=YESTERDAY)


def test_one_alone_is_asked_as_ever_daily_totals_first(
    terminal: Terminal, stack: ExitStack
) -> None:
    homes = Homes(stack, A)
    terminal.configure(homes.server, A)
    assert terminal.run(*BACKFILL).code == 0
    assert "courbe" not in homes.log[0].type


def test_a_budget_that_ends_in_between_has_the_newest_week_of_all_and_ends_exact(
    terminal: Terminal, stack: ExitStack, tmp_path: Path
) -> None:
    homes = Homes(stack, A, B, C)
    terminal.configure(homes.server, A, B, C, per_day=7)
    done = terminal.run(*BACKFILL)
    assert (done.code, done.document["status"]) == (3, "paused")
    assert statuses(done) == dict.fromkeys((A, B, C), "paused")
    assert [each["readings_inserted"] for each in done.document["meters"]] == [336, 336, 336]
    assert len(homes.log) == done.document["requests"]["made"] == 7
    for days in range(1, 9):
        with time_machine.travel(NOW + timedelta(days=days)):
            done = terminal.run(*BACKFILL)
        assert len(homes.log) <= 7 * (days + 1)
        if not done.code:
            break
    assert done.document["status"] == "complete"
    homes.assert_exact(terminal, tmp_path, A, B, C, last=YESTERDAY + timedelta(days=days))


@pytest.mark.parametrize(
    ("kind", "code"),
    [(FaultKind.TOKEN_REFUSED, 2), (FaultKind.NO_CONSENT, 1), (FaultKind.UNAVAILABLE, 3)],
)
def test_trouble_of_one_meter_ends_that_one_and_stops_no_other(
    terminal: Terminal, stack: ExitStack, tmp_path: Path, kind: FaultKind, code: int
) -> None:
    homes = Homes(stack, A, B, C)
    homes.trouble(B, kind)
    terminal.configure(homes.server, A, B, C)
    done = terminal.run(*BACKFILL)
    assert done.code == code
    assert statuses(done) == {A: "complete", B: "failed", C: "complete"}
    # Answers for the others in between do not make three failures in a row any longer row.
    assert sum(each.prm == B for each in homes.log) <= 3
    homes.server.clear_faults()
    homes.server.clear_log()
    again = terminal.run(*BACKFILL)
    assert (again.code, again.document["status"]) == (0, "complete")
    assert {each.prm for each in homes.log} == {B}
    homes.assert_exact(terminal, tmp_path, A, B, C, last=YESTERDAY)


def test_a_meter_that_another_process_works_on_waits_and_the_others_do_not(
    terminal: Terminal, stack: ExitStack, tmp_path: Path
) -> None:
    homes = Homes(stack, A, B)
    terminal.configure(homes.server, A, B)
    with (
        open_store(terminal.uri, terminal.database, tmp_path) as store,
        store.leases.acquire(Series(A)),
    ):
        done = terminal.run(*BACKFILL)
    assert (done.code, statuses(done)) == (3, {A: "failed", B: "complete"})
    assert "another process" in done.document["error"]["title"].lower()
    assert {each.prm for each in homes.log} == {B}
    assert terminal.run(*BACKFILL).code == 0
    homes.assert_exact(terminal, tmp_path, A, B, last=YESTERDAY)


def test_a_meter_without_any_load_curve_has_its_daily_totals_all_the_same(
    terminal: Terminal, stack: ExitStack, tmp_path: Path
) -> None:
    homes = Homes(stack, A, B)
    totals = [DailyTotal(day, 8_000) for day in days_between(SINCE, YESTERDAY)]
    nothing = RecordedSource([], totals, curve_from=YESTERDAY + timedelta(days=9))
    homes.sources[B] = nothing
    server = stack.enter_context(ApiServer(homes.sources, floor_answer="error", block_after=None))
    terminal.configure(server, A, B)
    done = terminal.run(*BACKFILL)
    assert (done.code, statuses(done)) == (1, {A: "complete", B: "failed"})
    assert done.document["error"]["title"] == "No load curve for this meter yet"
    with open_store(terminal.uri, terminal.database, tmp_path) as store:
        known = store.days.load(Series(B), SINCE, YESTERDAY).values()
    assert [each.enedis_wh for each in known] == [8_000] * 28
    asked = Counter((each.type, each.prm, each.start, each.end) for each in server.log)
    assert set(asked.values()) == {1}


def test_a_sync_is_for_all_and_then_carries_on_in_turn_with_half_of_the_budget(
    terminal: Terminal, stack: ExitStack, tmp_path: Path
) -> None:
    homes = Homes(stack, A, B)
    terminal.configure(homes.server, A, B, per_day=6)
    assert terminal.run(*BACKFILL).code == 3  # the newest weeks and what daily totals there are
    assert homes.curves() == [(A, WEEKS[0]), (B, WEEKS[0])]
    terminal.configure(homes.server, A, B, per_day=8)
    for days in range(1, 9):
        homes.server.clear_log()
        with time_machine.travel(NOW + timedelta(days=days)):
            done = terminal.run("--sync", "--json")
        assert (done.code, done.document["status"]) == (0, "complete")
        if days < 3:
            yesterday = YESTERDAY + timedelta(days=days - 2)
            assert homes.curves() == [
                *[(prm, yesterday) for prm in (A, B)],
                *[(prm, WEEKS[days]) for prm in (A, B)],
            ]
        assert len(homes.log) <= 4 + 2  # and the weekly totals of two
        if all(each["days_complete"] == 28 + days for each in done.document["meters"]):
            break
    last = YESTERDAY + timedelta(days=days)
    homes.server.clear_log()
    with time_machine.travel(NOW + timedelta(days=days)):
        assert terminal.run(*BACKFILL).code == 0
        homes.assert_exact(terminal, tmp_path, A, B, last=last)


@pytest.mark.parametrize("number", [1, 2, 4, 7])
@pytest.mark.parametrize("moment", ["http.client.send", "insert consumption"])
def test_killed_in_between_the_next_run_takes_over_at_once_and_ends_exact(
    terminal: Terminal, stack: ExitStack, tmp_path: Path, moment: str, number: int
) -> None:
    homes = Homes(stack, A, B)
    terminal.configure(homes.server, A, B)
    assert altered(terminal, moment, number, signal.SIGKILL).code == -signal.SIGKILL
    done = terminal.run(*BACKFILL)
    assert (done.code, done.document["status"]) == (0, "complete")
    # What was answered and not stored is asked once more, nothing else.
    again = int(moment != "http.client.send")
    homes.assert_exact(terminal, tmp_path, A, B, last=YESTERDAY, again=again)


def test_ctrl_c_is_for_the_run(terminal: Terminal, stack: ExitStack, tmp_path: Path) -> None:
    homes = Homes(stack, A, B)
    terminal.configure(homes.server, A, B)
    done = altered(terminal, "http.client.send", 5, signal.SIGINT)
    assert (done.code, statuses(done)) == (130, dict.fromkeys((A, B), "interrupted"))
    assert terminal.run(*BACKFILL).code == 0


def altered(terminal: Terminal, moment: str, number: int, how: signal.Signals) -> Done:
    """A backfill in a process of its own, with a signal at a moment."""
    change = Alteration(moment=moment, number=number, signal=how, now=NOW.isoformat())
    program = [sys.executable, "-m", "tests.tools.altered", "--config", str(terminal.file)]
    return finished(start([*program, *BACKFILL], here() | change.environment))


@pytest.mark.parametrize("by_hand", [0, 2])
def test_what_a_rebuild_mends_is_mended_though_the_run_holds_every_meter(
    terminal: Terminal, stack: ExitStack, tmp_path: Path, by_hand: int
) -> None:
    homes = Homes(stack, A, B)
    terminal.configure(homes.server, A, B)
    assert terminal.run(*BACKFILL).code == 0
    for prm in (A, B):
        homes.sources[prm].correct(half_hours(YESTERDAY, YESTERDAY)[3].start, 77)
    with database(terminal) as client:  # the time series collection is to follow
        readings = client[terminal.database]["consumption"]
        readings.update_one({"meter.prm": B}, {"$inc": {"power_w": by_hand}})
    with time_machine.travel(NOW + ONE_DAY):
        done = terminal.run("--sync", "--verbose")
        assert done.code == 0
        assert "has to wait" not in done.err
        assert terminal.run("--verify", "--json").document["status"] == "identical"
    with open_store(terminal.uri, terminal.database, tmp_path) as store:
        for prm in (A, B):
            corrected = homes.sources[prm].curve(YESTERDAY, YESTERDAY + 2 * ONE_DAY)
            assert held(store, Series(prm))[-96:] == corrected


def test_progress_names_the_meter_and_counts_the_weeks_of_all(
    terminal: Terminal, stack: ExitStack
) -> None:
    homes = Homes(stack, A, B)
    terminal.configure(homes.server, A, B)
    done = terminal.run("--backfill", "--since", SINCE.isoformat())
    assert done.code == 0
    assert "1/8  10········0001 consumption: 15 to 21 Nov 2026: 336 new readings" in done.err
    assert "2/8  20········0002 consumption: 15 to 21 Nov 2026: 336 new readings" in done.err
    assert "8/8  20········0002 consumption: 25 to 31 Oct 2026" in done.err
