"""Whatever is done to the collections by hand: restored where it can be, else said (issue 4, 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest
import time_machine

from linky_tui.demo.server import ApiServer
from linky_tui.domain.models import Reading
from linky_tui.storage.collections.documents import well_formed
from tests.tools.gateway import PRM, wh
from tests.tools.program import Done
from tests.tools.stored import open_store
from tests.tools.terminal import Terminal
from tests.torture.database import by_hand
from tests.torture.database.by_hand import NOW, RECENT, TRUTH, Case, Hand, document, meter
from tests.torture.database.cases_by_hand import ADDED, CASES, FOREIGN, SPOILT, STRANGER, both_lose
from tests.torture.manners.manners import assert_manners
from tests.torture.report import Row, Tally


def shortened(values: Iterable[Any], every: int, first: int = 0) -> list[Any]:
    """All of them with ``--long``, every so manieth of them otherwise."""
    return [
        value if number % every == first else _long(value) for number, value in enumerate(values)
    ]


def _long(value: Any) -> Any:
    values = value if isinstance(value, tuple) else (value,)
    return pytest.param(*values, marks=pytest.mark.long)


@pytest.fixture(autouse=True)
def _in_autumn_2026() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


@pytest.fixture(scope="module")
def gateway() -> Iterator[ApiServer]:
    with ApiServer({PRM: by_hand.source()}, block_after=None, clock=lambda: NOW) as server:
        yield server


class Patient:
    """A database that was whole, and the commands that are run on it."""

    def __init__(self, terminal: Terminal, gateway: ApiServer, database: Any, folder: Path) -> None:
        self.terminal = terminal
        self.hand = Hand(database)
        self.gateway = gateway
        self._folder = folder
        gateway.clear_log()
        terminal.configure(gateway, PRM)
        with open_store(terminal.uri, terminal.database, folder) as store:
            by_hand.fill(store)

    def run(self, *arguments: str) -> Done:
        self.gateway.clear_log()
        done = self.terminal.run(*arguments, "--json")
        assert_manners([self.gateway.log])
        return done

    def held(self) -> list[Counter[Reading]]:
        return [
            Counter(
                Reading(each["timestamp"], each["meter"]["interval_min"], each["power_w"])
                for each in collection.find({"meter.prm": PRM})
                if well_formed(each)
            )
            for collection in (self.hand.regular, self.hand.timeseries)
        ]

    def assert_whole(self, row: Row, extra: tuple[Reading, ...], gone: tuple[Reading, ...]) -> None:
        """Both collections hold the truth, what was added and nothing twice; so does the ledger."""
        wanted = Counter([*TRUTH, *extra]) - Counter(gone)
        for found in self.held():
            row.lost += (wanted - found).total()
            row.doubled += (found - wanted).total()
            assert found == wanted
        energy = self.hand.days.aggregate(
            [{"$group": {"_id": None, "wh": {"$sum": "$energy_wh"}, "n": {"$sum": "$readings"}}}]
        ).next()
        assert (energy["wh"], energy["n"]) == (wh(wanted.elements()), wanted.total())


@pytest.fixture
def patient(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    mongod_uri: str,
    mongo_database_name: str,
    gateway: ApiServer,
) -> Iterator[Patient]:
    terminal = Terminal(capsys, tmp_path, mongod_uri, mongo_database_name)
    with pymongo.MongoClient[dict[str, Any]](mongod_uri, tz_aware=True) as client:
        yield Patient(terminal, gateway, client[mongo_database_name], tmp_path)


@pytest.mark.parametrize("case", shortened(CASES, 2), ids=lambda case: case.fault)
def test_the_next_run_brings_it_back(patient: Patient, tally: Tally, case: Case) -> None:
    row = tally(f"by hand: {case.fault}")
    case.damage(patient.hand)
    with row.one_try():
        if case.late:
            assert patient.run("--sync").code == 3
            assert patient.run("--verify").document["status"] == "different"
            patient.hand.let_a_month_pass()
        done = patient.run("--sync")
        if case.said:
            assert done.code == 1
            assert done.document["error"]["title"] == case.said
        else:
            # There is nothing of yesterday at the gateway: that is all a sync has to complain of.
            assert done.code == 3, done
            assert done.document["status"] == "not_published_yet"
        patient.assert_whole(row, case.extra, case.gone)
        verified = patient.run("--verify")
        assert (verified.code, verified.document["status"]) == (0, "identical")
        assert verified.document["gone"] == 0
        again = patient.run("--sync")
        assert (again.code, again.document["status"]) == (3, "not_published_yet"), "said only once"
        certified = again.document["meters"][0]["days_certified"]
        assert certified == 14


@pytest.mark.parametrize("case", shortened(CASES, 2, first=1), ids=lambda case: case.fault)
def test_verify_says_it_and_repair_brings_back_what_is_held(
    patient: Patient, tally: Tally, case: Case
) -> None:
    row = tally(f"by hand: {case.fault}")
    case.damage(patient.hand)
    with row.one_try():
        held = {reading.start for collection in patient.held() for reading in collection}
        known = sum(each["readings"] for each in patient.hand.days.find({"_id.prm": PRM}))
        same = patient.held()[0] == patient.held()[1]
        verified = patient.run("--verify")
        assert verified.code == (0 if same else 1)
        assert verified.document["gone"] == max(0, known - len(held))
        repaired = patient.run("--verify", "--repair")
        assert patient.gateway.log == []
        assert repaired.code == (1 if case.said else 0)
        assert ((repaired.document["error"] or {}).get("title") or "") == case.said
        assert repaired.document["status"] == ("identical" if same else "repaired")
        regular, timeseries = patient.held()
        assert regular == timeseries
        if case.repairs:
            patient.assert_whole(row, case.extra, case.gone)
        else:
            # It cannot ask Enedis, but whatever either of them held is held by both.
            assert {reading.start for reading in regular} == held
        assert patient.run("--verify").document["status"] == "identical"
        if not case.repairs:
            patient.run("--sync")
            patient.assert_whole(row, case.extra, case.gone)


@pytest.mark.parametrize(
    ("kind", "dropped"),
    shortened([(kind, False) for kind in FOREIGN], 3) + shortened([(k, True) for k in FOREIGN], 5),
)
def test_a_foreign_document_in_the_time_series_collection(
    patient: Patient, tally: Tally, kind: str, dropped: bool
) -> None:
    row = tally("by hand: foreign document in the time series collection")
    hand, foreign = patient.hand, FOREIGN[kind]
    hand.add(hand.timeseries, foreign)
    if dropped:
        hand.regular.drop()
    with row.one_try():
        done = patient.run("--sync")
        ours = "meter" in foreign and isinstance(foreign["meter"], dict)
        if ours and foreign["meter"]["flow"] == "consumption":
            assert done.code == 1
            assert done.document["error"]["title"] == "A stored document is not one of ours"
        patient.assert_whole(row, (), ())
        for arguments in (["--verify"], ["--verify", "--repair"]):
            said = patient.run(*arguments)
            assert said.code == 1, "said as long as it is there"
        assert "not one of ours" in said.document["error"]["title"]
        left = [each for each in hand.timeseries.find({}, {"_id": 0}) if not well_formed(each)]
        assert left == [foreign] or left[0]["timestamp"] == foreign["timestamp"], "never dropped"
        assert len(left) == 1
        patient.assert_whole(row, (), ())


@pytest.mark.parametrize("kind", shortened(FOREIGN, 4))
def test_a_foreign_document_in_the_regular_collection(
    patient: Patient, tally: Tally, kind: str
) -> None:
    row = tally("by hand: foreign document in the regular collection")
    hand, foreign = patient.hand, FOREIGN[kind]
    if foreign["timestamp"] == RECENT[3].start:
        hand.forget(RECENT[3:4], hand.regular)  # there can be only one of it
    hand.add(hand.regular, foreign)
    with row.one_try():
        for arguments in (["--sync"], ["--verify"], ["--verify", "--repair"]):
            done = patient.run(*arguments)
            assert done.code in (1, 2), done
            if done.document.get("status") != "different":  # which is no error
                assert "shape" in done.document["error"]["cause"]
        kept = list(
            hand.regular.find({"_id": {"$exists": True}, "timestamp": foreign["timestamp"]})
        )
        assert [{**each, "_id": None} for each in kept] == [{"_id": None, **foreign}], "untouched"
        hand.regular.delete_one({"_id": kept[0]["_id"]})
        assert patient.run("--sync").code == 3
        patient.assert_whole(row, (), ())


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_document_beside_the_readings_is_named_and_made_anew_once_it_is_dropped(
    patient: Patient, tally: Tally, name: str
) -> None:
    row = tally("by hand: ledger, lease or count spoilt")
    patient.run("--sync")  # counts a request
    both_lose(patient.hand, RECENT[100:300])
    which, spoilt = SPOILT[name]
    collection = patient.hand.database[name]
    assert collection.update_one(which, {"$set": spoilt}).modified_count == 1
    with row.one_try():
        for _ in range(2):
            done = patient.run("--sync")
            assert done.code == 1
            error = done.document["error"]
            assert name in error["title"]
            assert "Drop that document" in error["next_step"]
            assert patient.gateway.log == []
        assert collection.delete_one(which).deleted_count == 1
        again = patient.run("--backfill")
        assert (again.code, again.document["status"]) == (0, "complete")
        assert again.document["meters"][0]["days_certified"] == 14
        patient.assert_whole(row, (), ())
        assert patient.run("--verify").document["status"] == "identical"


@pytest.mark.parametrize("where", ["regular", "timeseries"])
def test_a_strangers_meter_is_kept_like_our_own(patient: Patient, tally: Tally, where: str) -> None:
    row = tally(
        f"by hand: stranger's meter in the {where} collection".replace("timeseries", "time series")
    )
    hand = patient.hand
    strange = document(ADDED, meter=meter(prm=STRANGER))
    hand.add(getattr(hand, where), strange)
    with row.one_try():
        assert patient.run("--sync").code == 3
        assert patient.run("--verify").code == 1
        assert patient.run("--verify", "--repair").document["status"] == "repaired"
        for collection in (hand.regular, hand.timeseries):
            assert collection.count_documents({"meter.prm": STRANGER}) == 1
        hand.days.delete_many({"_id.prm": STRANGER})
        patient.assert_whole(row, (), ())


@pytest.mark.parametrize(
    "how", shortened(["regular", "minutes", "seconds", "another time field"], 2)
)
def test_a_time_series_collection_of_another_kind_is_refused_and_left_alone(
    patient: Patient, tally: Tally, how: str
) -> None:
    row = tally("by hand: time series collection made anew in another way")
    hand = patient.hand
    hand.timeseries.drop()
    if how == "regular":
        hand.database.create_collection(hand.timeseries.name)
    else:
        field = "at" if how == "another time field" else "timestamp"
        granularity = how if field == "timestamp" else "hours"
        hand.database.create_collection(
            hand.timeseries.name,
            timeseries={"timeField": field, "metaField": "meter", "granularity": granularity},
        )
    hand.timeseries.insert_one({**document(ADDED), "at": ADDED.start})
    with row.one_try():
        for arguments in (["--sync"], ["--verify"], ["--verify", "--repair"], ["--stats"]):
            done = patient.run(*arguments)
            assert done.code == 2
            assert "cannot be used" in done.document["error"]["title"]
            assert patient.gateway.log == []
        assert hand.timeseries.count_documents({}) == 1
        hand.timeseries.drop()
        assert patient.run("--sync").code == 3
        patient.assert_whole(row, (), ())
