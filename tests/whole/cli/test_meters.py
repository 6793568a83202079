"""Several meters, their tokens and where they come from."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from linky_tui.demo.rules import GatewayRequest
from linky_tui.demo.server import ApiServer, Fault, FaultKind
from tests.tools.config import meter
from tests.tools.terminal import Terminal
from tests.whole.cli.conftest import NOW, A, B, C, D, Serve


def failing(server: ApiServer, prm: str, kind: FaultKind, **more: Any) -> None:
    def is_meant(request: GatewayRequest) -> bool:
        return request.prm == prm

    server.inject(Fault(kind, times=None, when=is_meant, **more))


@pytest.mark.parametrize(
    ("order", "code"), [("3", 3), ("30", 3), ("031", 1), ("3120", 2), ("0", 0)]
)
def test_the_worst_meter_decides_and_stops_no_other(
    terminal: Terminal, serve: Serve, order: str, code: int
) -> None:
    prms = dict(zip("0123", (A, B, C, D), strict=True))
    server = serve(*prms.values())
    failing(server, prms["1"], FaultKind.NOT_OWNER)
    failing(server, prms["2"], FaultKind.TOKEN_REFUSED)
    failing(server, prms["3"], FaultKind.UNAVAILABLE, retry_after_s=3600)
    terminal.configure(server, *(prms[each] for each in order))
    done = terminal.run("--sync", "--json")
    assert done.code == code
    assert [each["prm"] for each in done.document["meters"]] == [prms[each] for each in order]
    results = dict(zip(order, done.document["meters"], strict=True))
    statuses = {"0": "complete", "1": "failed", "2": "failed", "3": "paused"}
    assert {key: each["status"] for key, each in results.items()} == {
        key: statuses[key] for key in order
    }
    assert all(results[key]["days_complete"] == 7 for key in order if key == "0")
    worst = next(key for key in "2130" if key in order)
    assert done.document["status"] == statuses[worst]
    assert done.document["error"] == results[worst]["error"]


def test_a_block_stops_every_meter_and_the_rest_of_the_day(
    terminal: Terminal, serve: Serve
) -> None:
    server = serve(A, B)
    server.inject(FaultKind.BANNED)
    terminal.configure(server, A, B)
    done = terminal.run("--backfill", "--json")
    assert done.code == 1
    assert "blocks" in done.document["error"]["title"]
    assert len(server.log) == 1
    again = terminal.run("--sync", "--json")
    assert (again.code, again.document["status"]) == (3, "paused")
    assert again.document["requests"]["left_today"] == 0
    assert len(server.log) == 1
    with time_machine.travel(NOW + timedelta(days=1)):
        assert terminal.run("--sync").code == 3  # the next day is not in this source
    assert len(server.log) > 1


def test_no_meter_is_asked_before_the_time_that_a_quota_names(
    terminal: Terminal, serve: Serve
) -> None:
    server = serve(A, B)
    server.inject(Fault(FaultKind.QUOTA, next_access_s=1800))
    terminal.configure(server, A, B)
    done = terminal.run("--sync", "--json")
    assert (done.code, done.document["status"]) == (3, "paused")
    assert [each["status"] for each in done.document["meters"]] == ["paused", "paused"]
    assert "10:30" in done.document["error"]["next_step"]
    assert len(server.log) == 1


def test_a_spent_budget_is_a_pause_and_says_until_when(terminal: Terminal, serve: Serve) -> None:
    server = serve(A, B)
    terminal.configure(server, A, B, per_day=3)
    done = terminal.run("--backfill", "--json")
    assert (done.code, done.document["status"]) == (3, "paused")
    assert done.document["requests"] == {
        "made": 3,
        "left_today": 0,
        "resets_at": "2026-11-23T00:00:00Z",
    }
    assert "01:00" in done.document["error"]["next_step"]
    assert len(server.log) == 3
    said = terminal.run("--backfill")
    assert said.code == 3
    assert "01:00" in said.err


def test_a_token_for_another_meter_is_refused_without_a_request(
    terminal: Terminal, serve: Serve
) -> None:
    server = serve(A, B)
    terminal.configure(server, meters=[meter(A, server.make_token([B])), meter(B, server.token)])
    done = terminal.run("--sync", "--json")
    assert done.code == 2
    assert [each["status"] for each in done.document["meters"]] == ["failed", "complete"]
    assert {entry.prm for entry in server.log} == {B}
    check = terminal.run("--check")
    assert check.code == 2
    assert "does not cover" in check.out


def test_an_expired_token_is_refused_without_a_request(terminal: Terminal, serve: Serve) -> None:
    server = serve()
    token = server.make_token(expires=NOW - timedelta(days=1))
    terminal.configure(server, meters=[meter(A, token)])
    for command in ("--sync", "--backfill", "--check"):
        done = terminal.run(command, "--json")
        assert done.code == 2
        assert "expired" in json.dumps(done.document)
        assert token not in done.out + done.err
    assert server.log == []


def test_a_token_that_ends_soon_is_warned_of(terminal: Terminal, serve: Serve) -> None:
    server = serve()
    terminal.configure(server, meters=[meter(A, server.make_token(expires=NOW + timedelta(9)))])
    done = terminal.run("--check")
    assert done.code == 0
    assert "Tue 1 Dec 2026" in done.out


def test_the_meter_is_taken_from_the_token_alone(terminal: Terminal, serve: Serve) -> None:
    server = serve()
    terminal.configure(server, meters=[meter("", server.token)])
    done = terminal.run("--sync", "--json")
    assert done.code == 0
    assert done.document["meters"][0]["prm"] == A
    two = serve(A, B)
    terminal.configure(two, meters=[meter("", two.token)])
    done = terminal.run("--sync", "--json")
    assert done.code == 2
    assert done.document["error"]["title"] == "Which meter?"


def test_the_environment_goes_before_the_file(
    terminal: Terminal, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(A, B)
    terminal.configure(server, uri="mongodb://127.0.0.1:1/", meters=[])
    monkeypatch.setenv("LINKY_TUI_CONFIG", str(terminal.file))
    monkeypatch.setenv("LINKY_TUI_MONGODB_URI", terminal.uri)
    monkeypatch.setenv("LINKY_TUI_TOKEN", server.token)
    monkeypatch.setenv("LINKY_TUI_PRM", B)
    done = terminal.bare("--sync", "--json")
    assert done.code == 0
    assert [each["prm"] for each in done.document["meters"]] == [B]
    monkeypatch.setenv("LINKY_TUI_PRM", "12")
    done = terminal.bare("--sync", "--json")
    assert done.code == 2
    assert "LINKY_TUI_PRM" in done.document["problems"][0]
