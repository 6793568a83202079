"""A home whose runs are killed, and the proof afterwards that nothing came of it (issue 4)."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from linky_tui.config import MongoSettings
from linky_tui.demo.server import ApiServer, RequestLogEntry
from linky_tui.domain.coverage import DayStatus
from linky_tui.domain.models import Flow, Reading, Series
from linky_tui.domain.paris import day_minutes, day_of, days_between
from linky_tui.storage.collections.documents import COMPARED, to_reading
from linky_tui.storage.connection import connect
from linky_tui.storage.store import Store
from tests.tools.altered import PLAIN, Alteration
from tests.tools.config import meter
from tests.tools.gateway import Gate, wh
from tests.tools.homes import Home
from tests.tools.local_server import wait_until_ended
from tests.tools.program import TIMEOUT_S, Done, finished, killed
from tests.tools.waiting import wait_until
from tests.torture.histories import History, days_of
from tests.torture.manners.manners import assert_manners, split_runs
from tests.torture.report import Row

SYNC = ("--sync", "--json")
LOCAL_FILES = {"data", "mongod.log", "turn.lock", "users.lock"}
"""What a server that has ended leaves in its folder."""
STATE_FILES = {"installation-id", "leases", "requests.sqlite", "requests.sqlite.lock"}


@dataclass
class Start:
    started_s: float  # `time.monotonic()` just before.
    cut_short: bool = False  # whether it was killed or interrupted


class Killing:
    """One home; runs in it are killed, and then one is left to end."""

    def __init__(self, home: Home, server: ApiServer, history: History, row: Row) -> None:
        self.home = home
        self.server = server
        self.history = history
        self.runs: list[Start] = []
        self.story: list[str] = []
        self._row = row
        self._kills = self._unproven = 0
        self._asked_before = 0
        meters = [meter(each.prm, server.token, each.flow) for each in history.sources]
        home.configure(server, meters=meters)

    @property
    def backfill(self) -> tuple[str, ...]:
        return "--backfill", "--json", "--since", self.history.first.isoformat()

    def kill_after(self, seconds: float, *arguments: str, power: bool = False) -> bool:
        """Kill a run after a while; whether it was still running."""
        process = self._start(arguments, PLAIN, f"killed after {seconds:g} s, {power=}")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        if power and process.poll() is None:
            # All end at the same instant: it sees nothing of what becomes of the server.
            process.send_signal(signal.SIGSTOP)
        servers = self.home.servers() if power else []
        for pid in servers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        was_running = killed(process)
        for pid in servers:
            wait_until_ended(pid)
        self._ended(was_running)
        return was_running

    def kill_at(
        self, moment: str, number: int = 1, *arguments: str, sure: bool = True, **more: Any
    ) -> bool:
        """Let a run kill itself at a moment; whether it came to that.

        ``moment``: see :mod:`tests.tools.altered`.
        ``sure``: whether it has to come to it; else it may end well instead.
        """
        end = Alteration(moment=moment, number=number, **more)
        done = finished(self._start(arguments, end, f"killed at {number}. {moment}, {more}"))
        came = done.code == (-end.signal if end.signal == signal.SIGKILL else 130)
        assert came or (not sure and done.code == 0), f"never came to {end}: {done}"
        self._ended(came)
        return came

    def kill_while_asking(self, held: Gate) -> None:
        """Kill a run that has sent a request to this meter and not got its answer."""
        held.shut()
        process = self._start((), PLAIN, "killed with a request under way")
        assert held.asked.wait(TIMEOUT_S)
        assert killed(process)
        held.open()
        self._ended(True)

    def interrupt_after(self, seconds: float, number: signal.Signals) -> Done:
        """Send a run a signal that it may act on, and wait for its end."""
        process = self._start((), PLAIN, f"{number.name} after {seconds:g} s")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        if process.poll() is None:
            process.send_signal(number)
        done = finished(process)
        self._ended(done.code != 0)
        return done

    def run(self, *arguments: str) -> Done:
        done = finished(self._start(arguments, PLAIN, "ran"))
        self._settle()
        return done

    def finish(self, *arguments: str, certified: bool = True) -> float:
        """Start once more: now it has to succeed, and all has to be right; gives its seconds.

        ``certified``: whether the daily totals have been asked for the readings as they are now.
        """
        done = self.run(*arguments)
        seconds = time.monotonic() - self.runs[-1].started_s
        assert done.code == 0, done
        # A sync has nothing to do where its predecessor was killed after it had done everything.
        assert done.document["status"] in ("complete", "nothing_to_do")[: 1 + len(arguments)], done
        self._assert_nothing_is_left_behind()
        with self.store() as store:
            self._assert_readings(store)
            self._assert_days(store, certified)
            self._assert_leases(store)
            self._assert_counts(store)
            self._assert_commands_agree()
        self._assert_nothing_is_left_behind()
        self._assert_asked_no_more_than_explained()
        assert_manners(split_runs(self.server.log, [run.started_s for run in self.runs]))
        self._row.survived += self._unproven
        self._unproven = 0
        return seconds

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """The database, by a server that the test holds, so that later runs find it running."""
        settings = MongoSettings()
        runtime_dir = self.home.runtime_dir / "linky-tui"
        with connect(settings, self.home.data_dir, runtime_dir) as connection:
            yield Store.open(connection, settings, self.home.state_dir)

    def begin_again(self) -> None:
        """What is asked from here on is counted anew: there is a reason to ask again."""
        self._asked_before = len(self.server.log)

    def _start(
        self, arguments: tuple[str, ...], alteration: Alteration, what_comes: str
    ) -> subprocess.Popen[str]:
        command = " ".join(arguments or self.backfill)
        self.story.append(f"{command}: {what_comes}")
        if self.history.now is not None:
            alteration = replace(alteration, now=self.history.now.isoformat())
        self.runs.append(Start(time.monotonic()))
        return self.home.start(*(arguments or self.backfill), alteration=alteration)

    def _ended(self, cut_short: bool) -> None:
        self._settle()
        self.runs[-1].cut_short = cut_short
        self._kills += cut_short
        self._unproven += cut_short
        self._row.tried += cut_short

    def _settle(self) -> None:
        """Wait until the gateway has seen that the client is gone: its log is final then."""
        wait_until(lambda: not self.server.connections, "the last connection's end", every_s=0.002)

    def _assert_readings(self, store: Store) -> None:
        truth = Counter(
            (series, reading)
            for series in self.history.sources
            for reading in self.history.truth(series)
        )
        for collection in (store.readings.regular, store.readings.timeseries):
            documents = collection.with_options(codec_options=COMPARED).find()
            found = Counter(
                (Series(each["meter"]["prm"], Flow(each["meter"]["flow"])), to_reading(each))
                for each in documents
            )
            lost, doubled = truth - found, found - truth
            self._row.lost += lost.total()
            self._row.doubled += doubled.total()
            assert not lost, (collection.name, lost.total(), next(iter(lost)))
            assert not doubled, (collection.name, doubled.total(), next(iter(doubled)))

    def _assert_days(self, store: Store, certified: bool) -> None:
        for series in self.history.sources:
            of_day: dict[date, list[Reading]] = {day: [] for day in days_of(self.history)}
            for reading in self.history.truth(series):
                of_day[day_of(reading.start)].append(reading)
            ledger = store.days.load(series, self.history.first, self.history.yesterday)
            assert sorted(ledger) == list(of_day), sorted(set(of_day) ^ set(ledger))
            for day, readings in of_day.items():
                record = ledger[day]
                minutes = sum(reading.interval_min for reading in readings)
                assert record.energy_wh == wh(readings), record
                assert record.minutes_covered == minutes, record
                assert record.readings == len(readings), record
                whole = minutes == day_minutes(day)
                assert not certified or record.certified is whole, record
                assert (record.status is DayStatus.COMPLETE) is whole, record

    def _assert_leases(self, store: Store) -> None:
        found = list(store.readings.regular.database["consumption_leases"].find())
        assert len(found) == len(self.history.sources), found
        for lease in found:
            assert lease["owner"] is None, lease
            assert not lease["rebuilding"], lease
            assert lease.get("rebuild_pending") is None, lease
            assert not lease.get("leftovers"), lease
        assert store.leases.in_use() == set()

    def _assert_counts(self, store: Store) -> None:
        """Never less than was sent, and at most one more for each kill."""
        sent = len(self.server.log)
        with contextlib.closing(sqlite3.connect(self.home.state_dir / "requests.sqlite")) as file:
            (counted,) = file.execute("SELECT SUM(used) FROM days").fetchone()
            assert file.execute("SELECT COUNT(*) FROM days WHERE spent != ''").fetchone() == (0,)
        documents = store.readings.regular.database["consumption_requests"].find()
        shared = sum(each["requests"] for each in documents)
        assert sent <= shared <= counted <= sent + self._kills, (sent, shared, counted, self._kills)

    def _assert_commands_agree(self) -> None:
        readings = sum(len(self.history.truth(series)) for series in self.history.sources)
        sent = len(self.server.log)
        verify, backfill = (
            self._start(arguments, PLAIN, "ran") for arguments in (("--verify", "--json"), ())
        )
        done = finished(verify)
        verified = done.document
        assert (done.code, verified["status"]) == (0, "identical"), verified
        both = verified["regular_readings"], verified["timeseries_readings"]
        assert both == (readings, readings), verified
        assert verified["digest"]["regular"] == verified["digest"]["timeseries"], verified
        again = finished(backfill).document
        assert (again["status"], again["requests"]["made"]) == ("complete", 0), again
        assert len(self.server.log) == sent, self.server.log[sent:]
        for of_meter in again["meters"]:
            assert of_meter["readings_inserted"] == 0, of_meter

    def _assert_nothing_is_left_behind(self) -> None:
        servers = self.home.servers()
        # A first start that was stopped at the wrong moment leaves a folder without readings.
        found = names(self.home.data_dir / "mongodb")
        files = {name for name in found if not name.startswith("data.half-made-")}
        assert (servers, files) == ([], LOCAL_FILES), (servers, files)
        # A draft of the identity may stay behind where it was killed while making it.
        state = {name for name in names(self.home.state_dir) if "installation-id." not in name}
        assert state == STATE_FILES, state

    def _assert_asked_no_more_than_explained(self) -> None:
        """What was under way when a run was cut short may be asked again, once; nothing else."""
        log = self.server.log[self._asked_before :]
        asked = Counter(each for entry in log for each in what(entry))
        excused: Counter[tuple[str, str | None, str]] = Counter()
        of_runs = split_runs(log, [run.started_s for run in self.runs])
        for run, entries in zip(self.runs, of_runs, strict=True):
            if run.cut_short and entries:
                excused.update(what(entries[-1]))
        too_often = {each: n for each, n in asked.items() if n > 1 + excused[each]}
        assert not too_often, too_often


def what(entry: RequestLogEntry) -> list[tuple[str, str | None, str]]:
    """What a request asks for: the single days of a load curve, a span of daily totals."""
    assert entry.start is not None
    assert entry.end is not None
    if "courbe" not in entry.type:
        return [(entry.type, entry.prm, f"{entry.start} {entry.end}")]
    last = date.fromisoformat(entry.end) - timedelta(days=1)
    days = days_between(date.fromisoformat(entry.start), last)
    return [(entry.type, entry.prm, day.isoformat()) for day in days]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@contextlib.contextmanager
def killing(folder: Path, history: History, row: Row) -> Iterator[Killing]:
    """A home with this history, and nothing in it yet."""
    place = folder / uuid.uuid4().hex[:6]
    place.mkdir()
    with history.serve() as server, Home(place) as home:
        one = Killing(home, server, history, row)
        try:
            yield one
        except BaseException as error:
            error.add_note("\n".join(one.story))
            raise
    shutil.rmtree(place)
