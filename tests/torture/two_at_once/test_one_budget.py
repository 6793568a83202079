"""Several processes and machines, one budget: never a request too many, never one too soon."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from linky_tui.demo.server import ApiServer
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, today, utc_now
from linky_tui.enedis.budget import ARRIVAL_S, LEAST_SECONDS, Budget
from linky_tui.enedis.client import ConsoClient
from linky_tui.enedis.hosts import host_of
from linky_tui.enedis.request import DataKind, DataRequest
from linky_tui.errors import BudgetSpent, LinkyError, ServiceDown
from linky_tui.ingest.requests import manners
from linky_tui.ingest.requests.manners import PausedUntil
from linky_tui.ingest.requests.run import RequestRun
from linky_tui.storage.store import Store
from tests.tools.gateway import gateway
from tests.tools.homes import REAL_HOST, Home
from tests.tools.servers import NAME, Authority
from tests.tools.stored import open_store
from tests.tools.waiting import wait_until
from tests.torture.conftest import Scale
from tests.torture.report import Row, Tally
from tests.torture.two_at_once.together import (
    Crowd,
    GatedSource,
    assert_one_after_the_other,
    assert_polite,
    measured,
)

PRMS = ("11111111111111", "22222222222222", "33333333333333")
MACHINES = 6
PER_DAY = 7


@pytest.fixture
def source() -> GatedSource:
    return GatedSource(activated=False)


@pytest.fixture
def crowd(source: GatedSource) -> Iterator[Crowd]:
    with gateway(source, *PRMS) as server, Crowd(server) as everybody:
        yield everybody


def assert_budget(row: Row, server: ApiServer, per_day: int, *, exact: bool = True) -> None:
    """Insist that the budget held, and (where all were after it) was used."""
    with row.one_try():
        used = len(server.log)
        row.lost += max(0, used - per_day)
        assert used <= per_day
        assert used == per_day or not exact


def test_two_meters_from_two_processes_share_the_pace_and_the_budget_of_a_real_host(
    source: GatedSource, where: dict[str, str], short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    """On loopback any pace may be configured; this host has another name."""
    per_day = scale.times(2, 20)
    authority = Authority(short_tmp_path)
    prms = PRMS[:2]
    with (
        Home(short_tmp_path) as home,
        gateway(source, *prms, tls=authority.context(NAME)) as server,
        Crowd(server) as crowd,
    ):
        api_url = server.url.replace("127.0.0.1", NAME)
        home.configure(server, *prms, api_url=api_url, per_day=per_day, seconds=0.1, **where)
        source.shut()
        runs = []
        for prm in prms:
            own = {"LINKY_TUI_PRM": prm, "REQUESTS_CA_BUNDLE": str(authority.bundle)}
            runs.append(crowd.start(home, "--backfill", "--json", alteration=REAL_HOST, **own))
        file = home.state_dir / "requests.sqlite"
        wait_until(file.exists, "the first request")
        counted = Budget(file, host_of(api_url), per_day=per_day, min_seconds=0.0)
        wait_until(lambda: counted.used_today() == 2, "one asks, one waits for its turn")
        source.open()
        for run in runs:
            # Whoever queues leaves room for the request before him to arrive.
            done = run.done(more_s=per_day * (LEAST_SECONDS + ARRIVAL_S))
            assert done.code == 3, done
            assert done.document["status"] == "paused"
            assert done.document["requests"]["left_today"] == 0
            assert crowd.requests_of(run) or not scale.long
        assert_polite(server, per_day=per_day, pace_s=LEAST_SECONDS)
        for prm in prms:
            assert_one_after_the_other(server, prm)
            regular, timeseries = measured(where, prm)
            assert regular == timeseries
            assert len(set(regular)) == len(regular)
        # Who is seconds late for its turn on a busy machine gives it up, counted as it is.
        assert counted.used_today() == per_day
        assert_budget(tally("requests of several processes"), server, per_day, exact=False)


class SteppedClock:
    """A clock that goes on only when it is told to, whatever the machine has to do."""

    def __init__(self) -> None:
        self._now = 1000.0

    def step(self, seconds: float) -> None:
        self._now += seconds

    def monotonic(self) -> float:
        return self._now


class ToldMeanwhile(threading.Event):
    """A stop event of which a wait is over at once, and something has happened during it."""

    def __init__(self, what: Callable[[], None]) -> None:
        super().__init__()
        self._what = what

    def wait(self, timeout: float | None = None) -> bool:
        self._what()
        return False


def test_a_process_that_missed_its_turn_takes_another(
    crowd: Crowd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen between its turn and its request, it would send when it is somebody else's."""
    clock = SteppedClock()
    monkeypatch.setattr(manners, "time", clock)
    client = ConsoClient(crowd.server.url)
    budget = Budget(tmp_path / "requests.sqlite", client.host, per_day=9, min_seconds=0.0)
    requests = RequestRun(client, budget, None, threading.Event())
    freezes = iter([manners.STALE_S + 0.1, 0.0])
    what = load_curve(days_ago=1)
    requests.guards[what.series] = lambda: clock.step(next(freezes))
    list(requests.fetch(what, crowd.token()))
    client.close()
    assert (len(crowd.server.log), requests.made, budget.used_today()) == (1, 1, 2)


@pytest.mark.parametrize("blocked", [False, True])
def test_what_another_process_was_told_holds_for_whoever_waits_for_its_turn(
    crowd: Crowd, tmp_path: Path, blocked: bool
) -> None:
    client = ConsoClient(crowd.server.url)
    first, second = (
        Budget(tmp_path / "requests.sqlite", client.host, per_day=9, min_seconds=20.0)
        for _ in range(2)
    )
    first.reserve()

    def told() -> None:
        if blocked:
            first.mark_spent("the gateway blocks this address")
        else:
            first.hold(utc_now() + timedelta(minutes=5))

    requests = RequestRun(client, second, None, ToldMeanwhile(told))
    with pytest.raises(PausedUntil) as paused:
        list(requests.fetch(load_curve(days_ago=1), crowd.token()))
    assert isinstance(paused.value.error, BudgetSpent if blocked else ServiceDown)
    client.close()
    assert not crowd.server.log


def test_machines_that_share_a_database_share_its_budget(
    crowd: Crowd, source: GatedSource, where: dict[str, str], short_tmp_path: Path, tally: Tally
) -> None:
    """Each with a state folder, and so a count, of its own."""
    homes = [Home(short_tmp_path, f"machine-{number}") for number in range(len(PRMS))]
    source.shut()
    runs = []
    for home, prm in zip(homes, PRMS, strict=True):
        home.configure(crowd.server, prm, per_day=PER_DAY, **where)
        runs.append(crowd.start(home, "--backfill", "--json"))
    wait_until(lambda: source.waiting == len(PRMS), "all are asking")
    source.open()
    for run in runs:
        done = run.done()
        assert done.code == 3, done
        assert done.document["status"] == "paused"
        assert done.document["requests"]["left_today"] == 0
    assert_polite(crowd.server, per_day=PER_DAY)
    assert_budget(tally("requests of several machines"), crowd.server, PER_DAY, exact=False)


def test_the_last_request_of_the_day_goes_to_one_machine_only(
    crowd: Crowd, scale: Scale, where: dict[str, str], tmp_path: Path, tally: Tally
) -> None:
    """Reading the shared count and adding to it later would let two see one that is left."""
    row = tally("requests of several machines")
    for round_ in range(scale.times(3, 200)):
        database = f"{where['database']}_{round_ % 3}"
        folder = tmp_path / str(round_)
        crowd.server.clear_log()
        with open_store(where["uri"], database, folder) as store:
            store.requests._collection.drop()
            spent = asked_by_all(crowd.server, store, folder)
            assert len(spent) == MACHINES
            assert {each.exit_code for each in spent} == {3}
            assert store.requests.used(host_of(crowd.server.url), utc_now().date()) == PER_DAY
            store.connection.client.drop_database(database)
        assert_budget(row, crowd.server, PER_DAY)
        assert_polite(crowd.server, per_day=PER_DAY)


def load_curve(days_ago: int) -> DataRequest:
    day = today() - timedelta(days_ago)
    return DataRequest(DataKind.LOAD_CURVE, Series(PRMS[0]), day, day + ONE_DAY)


def asked_by_all(server: ApiServer, store: Store, folder: Path) -> list[LinkyError]:
    """Machines with counts of their own ask until there is nothing left; how each ended."""
    start = threading.Barrier(MACHINES)
    spent: list[LinkyError] = []

    def ask(number: int) -> None:
        client = ConsoClient(server.url)
        file = folder / f"machine-{number}" / "requests.sqlite"
        budget = Budget(file, client.host, per_day=PER_DAY, min_seconds=0.0)
        requests = RequestRun(client, budget, store.requests, threading.Event())
        token = server.make_token(expires=utc_now() + timedelta(number + 1))
        start.wait()
        for day in range(1, PER_DAY + 2):
            try:
                list(requests.fetch(load_curve(day + 1), token))
            except PausedUntil as paused:
                spent.append(paused.error)
                break
        client.close()

    threads = [threading.Thread(target=ask, args=(each,)) for each in range(MACHINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spent
