"""What each command prints, where, and how it ends."""

from __future__ import annotations

import signal
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from linky_tui.demo.server import ApiServer, Fault, FaultKind, RecordedSource
from linky_tui.domain.models import DailyTotal
from linky_tui.domain.paris import ONE_DAY, day_of, days_between
from linky_tui.enedis.hosts import host_of
from linky_tui.storage import connection
from linky_tui.storage.store import Store
from tests.tools.gateway import half_hours
from tests.tools.program import Done
from tests.tools.terminal import Terminal
from tests.whole.cli.conftest import ERROR_KEYS, METER_KEYS, NOW, SUMMARY_KEYS, A, Serve, database


def test_sync_and_backfill_print_the_promised_json(terminal: Terminal, serve: Serve) -> None:
    server = serve()
    terminal.configure(server, A, per_day=50)
    for command, status in (("sync", "complete"), ("sync", "nothing_to_do"), ("backfill", None)):
        server.clear_log()
        done = terminal.run(f"--{command}", "--json", *_since(command))
        document = done.document
        assert done.code == 0
        assert document.keys() >= SUMMARY_KEYS
        assert document["command"] == command
        assert document["status"] == (status or "complete")
        assert document["error"] is None
        assert document["requests"].keys() == {"made", "left_today", "resets_at"}
        assert document["requests"]["made"] == len(server.log)
        assert document["requests"]["resets_at"] == "2026-11-23T00:00:00Z"
        (only,) = document["meters"]
        assert only.keys() >= METER_KEYS
        assert (only["prm"], only["flow"]) == (A, "consumption")
    assert document["requests"]["left_today"] == 50 - 3 - 2
    assert only["days_complete"] == only["days_certified"] == 14
    assert only["days_missing"] == 730 - 14
    assert only["days_no_data"] == 0
    assert only["readings_inserted"] == 7 * 48
    assert only["first"] == "2026-11-07T23:00:00Z"
    assert only["last"] == "2026-11-21T23:00:00Z"


def _since(command: str) -> list[str]:
    return ["--since", "2026-11-08"] if command == "backfill" else []


def test_stats_and_verify_print_the_promised_json(terminal: Terminal, serve: Serve) -> None:
    terminal.configure(serve(), A)
    empty = terminal.run("--stats", "--json").document
    assert set(empty["saved"].values()) == {None}
    assert terminal.run("--verify", "--json").document["status"] == "identical"
    terminal.run("--sync")
    with database(terminal) as server:
        server.admin.command("fsync")  # else it waits for that, and says so

    done = terminal.run("--stats", "--json")
    assert (done.code, done.err) == (0, "")
    document = done.document
    assert document.keys() >= {"command", "server", "regular", "timeseries", "saved", "identical"}
    assert document["command"] == "stats"
    assert document["identical"] is True
    assert document["server"].keys() >= {"version", "kind"}
    assert document["server"]["kind"] == "remote"
    sizes = {"name", "readings", "data_bytes", "storage_bytes", "index_bytes", "total_bytes"}
    assert document["regular"].keys() >= sizes | {"bytes_per_reading"}
    assert document["timeseries"].keys() >= sizes | {
        *("bytes_per_reading", "buckets", "readings_per_bucket", "granularity")
    }
    assert document["timeseries"]["granularity"] == "hours"
    assert document["saved"].keys() == {"data", "storage", "index", "total"}
    assert 0 < document["saved"]["data"] < 1
    assert document["regular"]["readings"] == document["timeseries"]["readings"] == 336

    queries = terminal.run("--stats", "--queries", "--json").document["queries"]
    assert {(each["figure"], each["of"]) for each in queries} >= {
        ("readings", "consumption"), ("data", "consumptionTS"), ("data", "saved")
    }  # fmt: skip
    assert "queries" not in document
    lines = terminal.run("--stats", "--queries").out.splitlines()
    assert [line for line in lines if "db.getSiblingDB(" in line] == [
        each["mongosh"] for each in queries
    ]

    done = terminal.run("--verify", "--json")
    assert (done.code, done.err) == (0, "")
    document = done.document
    assert document["command"] == "verify"
    assert document["digest"]["regular"] == document["digest"]["timeseries"]
    assert len(document["digest"]["regular"]) == 64
    expected = {
        "status": "identical",
        "regular_readings": 336,
        "timeseries_readings": 336,
        "missing_in_timeseries": 0,
        "extra_in_timeseries": 0,
        "duplicated_in_timeseries": 0,
        "differing": 0,
    }
    assert {key: document[key] for key in expected} == expected


def test_check_prints_json_and_sends_no_request(terminal: Terminal, serve: Serve) -> None:
    server = serve()
    terminal.configure(server, A)
    done = terminal.run("--check", "--json")
    assert (done.code, done.err) == (0, "")
    document = done.document
    assert document.keys() >= {"command", "status", "problems", "warnings", "server", "error"}
    assert (document["command"], document["status"]) == ("check", "ok")
    assert document["problems"] == document["warnings"] == []
    assert document["error"] is None
    access = document["server"]["access"]
    assert access["mongosh"] == f"mongosh {access['address']}"
    assert access["address"].startswith("mongodb://")
    assert not access["only_while_linky_tui_runs"]
    assert access["mongosh"] in terminal.run("--check").out
    assert server.log == []


def test_check_tells_the_higher_count_of_this_machine_and_of_all(
    terminal: Terminal, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    terminal.configure(server, A)
    assert terminal.run("--sync").code == 0

    def used() -> str:
        said = " ".join(terminal.run("--check").out.split())
        return said.partition(" of 1,000 requests used this UTC day")[0].rpartition(" ")[2]

    assert used() == str(len(server.log))
    key = {"_id": {"host": host_of(server.url), "day": "2026-11-22"}}
    with database(terminal) as client:
        counts = client[terminal.database]["consumption_requests"]
        assert counts.update_one(key, {"$set": {"requests": 979}}).matched_count == 1
    assert used() == "979"
    monkeypatch.setattr(connection, "_SELECTION_MS", 200)
    terminal.configure(server, A, uri="mongodb://127.0.0.1:1")
    assert used() == str(len(server.log))


def test_a_difference_is_reported_with_1_and_repaired_on_request(
    terminal: Terminal, serve: Serve
) -> None:
    terminal.configure(serve(), A)
    terminal.run("--sync")
    with database(terminal) as client:
        readings = client[terminal.database]["consumption"]
        lost = readings.find_one_and_delete({})
        assert lost is not None
        readings.update_one({}, {"$inc": {"power_w": 2}})
    assert terminal.run("--stats", "--json").document["identical"] is False
    done = terminal.run("--verify", "--json")
    assert done.code == 1
    assert done.document["status"] == "different"
    assert done.document["extra_in_timeseries"] == 1
    assert done.document["differing"] == 1
    quiet = terminal.run("--verify", "--quiet")
    assert quiet.code == 1
    assert "--repair" in quiet.out
    repaired = terminal.run("--verify", "--repair", "--json")
    assert repaired.code == 0
    assert repaired.document["status"] == "repaired"
    assert repaired.document["regular_readings"] == 336
    assert terminal.run("--verify", "--repair", "--json").document["status"] == "identical"


def test_a_sync_for_cron_prints_nothing_at_all_when_all_is_well(
    terminal: Terminal, serve: Serve
) -> None:
    terminal.configure(serve(), A)
    for _ in range(2):
        assert terminal.run("--sync") == Done(0, "", "")
    loud = terminal.run("--sync", "--verbose")
    assert loud.code == 0
    assert "nothing to do" in loud.err


def test_a_sync_that_finds_nothing_published_says_so_and_ends_with_3(
    terminal: Terminal, serve: Serve
) -> None:
    terminal.configure(serve(late_yesterday=True), A)
    done = terminal.run("--sync")
    assert (done.code, done.out) == (3, "")
    assert "Sat 21 Nov 2026" in done.err
    document = terminal.run("--sync", "--json").document
    assert document["status"] == "not_published_yet"
    assert document["error"].keys() >= ERROR_KEYS
    assert document["meters"][0]["days_missing"] == 730 - 6


def test_a_backfill_talks_on_stderr_and_shows_its_result_on_stdout(
    terminal: Terminal, serve: Serve
) -> None:
    terminal.configure(serve(), A)
    done = terminal.run("--backfill", "--since", "2026-11-08")
    assert done.code == 0
    assert "2/2  8 to 14 Nov 2026" in done.err
    assert "complete" in done.err
    assert "consumptionTS" in done.out
    assert A not in done.out + done.err
    assert "\x1b" not in done.out + done.err
    as_json = terminal.run("--backfill", "--since", "2026-11-08", "--json")
    assert as_json.document["status"] == "complete"


def test_a_backfill_says_what_the_days_lack_that_are_not_complete(terminal: Terminal) -> None:
    first, none, some, late = (date(2026, 11, day) for day in (8, 10, 12, 21))
    readings = [
        each
        for each in half_hours(first, late - ONE_DAY)
        if day_of(each.start) != none and (day_of(each.start) != some or each.power_w % 3)
    ]
    totals = [DailyTotal(day, 9000) for day in days_between(first, late - ONE_DAY)]
    with ApiServer({A: RecordedSource(readings, totals)}) as server:
        terminal.configure(server, A)
        said = terminal.run("--backfill", "--since", str(first)).err
        document = terminal.run("--backfill", "--since", str(first), "--json").document
    assert [line.strip() for line in said.splitlines()][-5:] == [
        "last 24 months: 11 days complete (0 certified by Enedis' totals)",
        "1 day late: not published by Enedis yet",
        "1 day partial: Enedis gave only some of the readings",
        "1 day missing: Enedis gave no readings",
        "716 days not asked yet",
    ]
    assert document["meters"][0]["days_missing"] == 730 - 11


def test_a_day_that_cannot_be_read_is_told_by_the_backfill_and_no_reason_for_a_mail(
    terminal: Terminal, serve: Serve
) -> None:
    server = serve()
    terminal.configure(server, A)
    server.inject(Fault(FaultKind.NEGATIVE_VALUE, times=None, day=date(2026, 11, 10)))
    done = terminal.run("--backfill", "--since", "2026-11-01")
    assert done.code == 0
    why = "Tue 10 Nov 2026 could not be read: the value '-8' at '2026-11-10 00:30:00'"
    assert done.err.count(why) == 1
    assert terminal.run("--sync") == Done(0, "", "")
    document = terminal.run("--backfill", "--since", "2026-11-01", "--json").document
    assert (document["status"], document["error"]) == ("complete", None)
    (meter,) = document["meters"]
    assert list(meter["days_unread"]) == ["2026-11-10"]
    assert meter["days_unread"]["2026-11-10"] in done.err


@pytest.mark.parametrize("command", ["--backfill", "--sync", "--verify"])
def test_quiet_leaves_errors_only(terminal: Terminal, serve: Serve, command: str) -> None:
    server = serve()
    terminal.configure(server, A)
    assert terminal.run(command, "--quiet") == Done(0, "", "")
    if command != "--verify":
        server.inject(Fault(FaultKind.NOT_OWNER, times=None))
        with time_machine.travel(NOW + timedelta(days=1)):
            done = terminal.run(command, "--quiet")
        assert (done.code, done.out) == (1, "")
        assert "not yours" in done.err


@pytest.mark.parametrize("command", ["--backfill", "--sync", "--stats", "--verify", "--check"])
def test_ctrl_c_ends_every_command_with_130_and_one_json_object(
    terminal: Terminal, serve: Serve, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    terminal.configure(serve(), A)
    terminal.run("--sync")
    open_it = Store.open

    def open_and_press(*arguments: Any) -> Store:
        store = open_it(*arguments)
        signal.raise_signal(signal.SIGINT)
        return store

    monkeypatch.setattr(Store, "open", open_and_press)
    with time_machine.travel(NOW + timedelta(days=1)):
        done = terminal.run(command, "--json")
        assert done.code == 130
        assert done.document["status"] == "interrupted"
        assert done.document["command"] == command.removeprefix("--")
        plain = terminal.run(command)
    assert plain.code == 130
    assert plain.out == ""
    assert "nterrupted" in plain.err or command == "--sync"  # cron mails what is printed
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
