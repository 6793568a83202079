"""The simulated gateway over real HTTP: rules, publication, log, block and quota, the program."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import pytest

from linky_tui.demo.household import DEMO_PRM, Household
from linky_tui.demo.server import ApiServer, RecordedSource
from tests.tools import tokens

NEW, OLD = "courbe_de_charge_consommation", "consumption_load_curve"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ask(
    server: ApiServer,
    type_name: str = NEW,
    start: str = "2026-11-01",
    end: str = "2026-11-08",
    *,
    prm: str = DEMO_PRM,
    token: str | None = "",
    method: str = "GET",
    names: tuple[str, str, str] = ("prm", "start", "end"),
) -> tuple[int, Any]:
    """Status and JSON (or text) of one request; the token ``""`` stands for the server's own."""
    base = urlsplit(server.url)
    connection = http.client.HTTPConnection(base.netloc, timeout=60)
    try:
        headers = {"User-Agent": "tests"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token or server.token}"
        asked = urlencode(dict(zip(names, (prm, start, end), strict=True)))
        connection.request(method, f"{base.path}/{type_name}?{asked}", headers=headers)
        response = connection.getresponse()
        body = response.read().decode()
    finally:
        connection.close()
    is_json = response.headers.get_content_type() == "application/json" and body
    return response.status, json.loads(body) if is_json else body


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    status, body = answer
    assert body["status"] == status
    assert body["message"] == "The Enedis API returned an error"
    return status, body["error"]["error"]


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[ApiServer]:
    home = Household(DEMO_PRM, activated=date(2026, 1, 1), curve_from=date(2026, 2, 1))
    with ApiServer({DEMO_PRM: home}, clock=clock) as running:
        yield running


@pytest.mark.parametrize("names", [("pointId", "dateDebut", "dateFin"), ("prm", "start", "end")])
@pytest.mark.parametrize("type_name", [NEW, OLD])
def test_parameter_names_and_aliases(
    server: ApiServer, type_name: str, names: tuple[str, str, str]
) -> None:
    assert ask(server, type_name, names=names)[0] == 200


@pytest.mark.parametrize(
    ("type_name", "points"),
    [(NEW, 7 * 48), ("consommation_quotidienne", 7), ("puissance_conso_max_quotidienne", 7)],
)
def test_types(server: ApiServer, type_name: str, points: int) -> None:
    status, body = ask(server, type_name)
    assert status == 200
    assert len(body["grandeur"][0]["points"]) == points


def test_validation_comes_before_the_token(server: ApiServer) -> None:
    assert ask(server, "unknown", token=None)[1]["error"]["issues"][0]["path"] == ["type"]
    assert ask(server, prm="12", token="bad")[1]["error"]["name"] == "ZodError"
    assert ask(server, method="POST", token=None) == (
        405,
        {"status": 405, "message": "Seule la méthode GET est autorisée"},
    )
    assert ask(server, method="OPTIONS", token=None) == (200, "")


def test_tokens(server: ApiServer, clock: Clock) -> None:
    assert ask(server, token=None)[0] == 400
    foreign = tokens.token(sub=[DEMO_PRM], exp=4_000_000_000)
    refused = [
        foreign,
        "no.token.atall",
        server.make_token(["99999999999999"]),
        server.make_token(expires=NOW - timedelta(seconds=1)),
    ]
    answers = [ask(server, token=token) for token in refused]
    assert [status for status, _ in answers] == [401] * 4
    assert len({body["message"] for _, body in answers}) == 1
    clock.now = NOW + timedelta(days=3 * 366)
    assert ask(server, token=server.token)[0] == 401, "it expires by the gateway's clock"


def test_token_can_be_read_without_the_secret(server: ApiServer) -> None:
    claims = jwt.decode(server.token, options={"verify_signature": False, "verify_sub": False})
    assert claims["sub"] == [DEMO_PRM]
    left = datetime.fromtimestamp(claims["exp"], UTC) - NOW
    assert timedelta(days=1090) < left < timedelta(days=1100)
    assert server.token not in repr(server.log)


def test_enedis_checks(server: ApiServer) -> None:
    other = server.make_token([DEMO_PRM, "99999999999999"])
    assert code(ask(server, prm="99999999999999", token=other)) == (400, "ADAM-DC-0007")
    assert code(ask(server, "courbe_de_charge_production")) == (400, "ADAM-ERR0069")
    assert code(ask(server, NEW, "2026-11-01", "2026-11-09")) == (400, "ADAM-ERR0126")
    assert code(ask(server, NEW, "2026-01-30", "2026-02-03")) == (400, "ADAM-ERR0123")
    assert code(ask(server, NEW, "2025-12-30", "2026-01-03")) == (400, "ADAM-ERR0123")
    assert code(ask(server, NEW, "2026-11-20", "2026-11-23")) == (400, "invalid_request")
    assert code(ask(server, "index_consommation")) == (404, "no_data_found")


def test_empty_and_partly_empty_windows(server: ApiServer) -> None:
    assert code(ask(server, NEW, "2026-07-18", "2026-07-19")) == (404, "no_data_found")
    status, body = ask(server, NEW, "2026-07-17", "2026-07-20")
    assert status == 200
    assert len(body["grandeur"][0]["points"]) == 96
    assert ask(server, "daily_consumption", "2026-07-18", "2026-07-19")[0] == 200


def test_yesterday_appears_at_eight_in_paris(server: ApiServer, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 22, 6, 59, tzinfo=UTC)
    assert code(ask(server, NEW, "2026-11-21", "2026-11-22")) == (404, "no_data_found")
    assert len(ask(server, OLD, "2026-11-20", "2026-11-22")[1]["interval_reading"]) == 48
    clock.now = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    assert ask(server, NEW, "2026-11-21", "2026-11-22")[0] == 200


def test_late_yesterday_until_published(clock: Clock) -> None:
    with ApiServer({DEMO_PRM: Household(DEMO_PRM)}, clock=clock, late_yesterday=True) as server:
        assert ask(server, NEW, "2026-11-21", "2026-11-22")[0] == 404
        assert ask(server, "daily_consumption", "2026-11-21", "2026-11-22")[0] == 404
        server.publish()
        assert ask(server, NEW, "2026-11-21", "2026-11-22")[0] == 200


def test_log_holds_every_request_in_order(server: ApiServer) -> None:
    ask(server, NEW)
    ask(server, OLD, "2026-11-01", "2026-11-30", token=None)
    first, second = server.log
    assert (first.type, first.prm, first.start, first.end) == (
        NEW,
        DEMO_PRM,
        "2026-11-01",
        "2026-11-08",
    )
    assert (first.status, first.fault, first.at, first.user_agent) == (200, None, NOW, "tests")
    assert second.status == 400
    assert second.monotonic >= first.monotonic
    server.clear_log()
    assert server.log == []


def test_blocked_after_the_limit_of_a_utc_day_and_for_good(clock: Clock) -> None:
    with ApiServer({DEMO_PRM: Household(DEMO_PRM)}, clock=clock, block_after=3) as server:
        assert [ask(server, token=None)[0] for _ in range(3)] == [400] * 3
        status, page = ask(server)
        assert status == 403
        assert "Attention Required! | Cloudflare" in page
        assert server.blocked
        clock.now = NOW + timedelta(days=1)
        assert ask(server)[0] == 403


def test_count_of_the_block_starts_again_with_the_utc_day(clock: Clock) -> None:
    with ApiServer({DEMO_PRM: Household(DEMO_PRM)}, clock=clock, block_after=2) as server:
        for day in range(3):
            clock.now = NOW + timedelta(days=day)
            assert [ask(server)[0] for _ in range(2)] == [200, 200]


def test_blocks_at_100_by_default_and_never_when_switched_off(clock: Clock) -> None:
    home = {DEMO_PRM: RecordedSource([])}
    with ApiServer(home, clock=clock) as server:
        assert [ask(server)[0] for _ in range(101)] == [404] * 100 + [403]
    with ApiServer(home, clock=clock, block_after=None) as server:
        assert [ask(server)[0] for _ in range(101)] == [404] * 101


def test_quota_ends_with_the_hour(clock: Clock) -> None:
    with ApiServer({DEMO_PRM: Household(DEMO_PRM)}, clock=clock, quota_per_hour=1) as server:
        assert ask(server)[0] == 200
        status, body = ask(server)
        assert status == 429
        assert body["error"]["code"] == "900804"
        assert body["error"]["nextAccessTime"] == "2026-Nov-22 13:00:00+0000 UTC"
        clock.now = datetime(2026, 11, 22, 13, tzinfo=UTC)
        assert ask(server)[0] == 200


def test_connections_are_kept_alive(server: ApiServer) -> None:
    base = urlsplit(server.url)
    connection = http.client.HTTPConnection(base.netloc, timeout=60)
    try:
        for _ in range(3):
            connection.request("GET", f"{base.path}/{NEW}")
            response = connection.getresponse()
            assert (response.status, response.version) == (400, 11)
            response.read()
            socket_used = connection.sock
            assert socket_used is not None, "the server asked to close"
    finally:
        connection.close()
    assert ask(server, "a/b")[0] == 404


def test_closes_quickly_with_an_idle_connection(clock: Clock) -> None:
    server = ApiServer({DEMO_PRM: Household(DEMO_PRM)}, clock=clock)
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    connection.connect()
    before = time.monotonic()
    server.close()
    server.close()
    connection.close()
    assert time.monotonic() - before < 20


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_program_prints_where_it_is_and_ends_with_0(number: signal.Signals) -> None:
    arguments = ["--prm", "22222222222222", "--fault", "banned:1", "--shape", "legacy"]
    command = [sys.executable, "-m", "linky_tui.demo.api_server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            found = dict(program.stdout.readline().split() for _ in range(3))
            assert found["prm"] == "22222222222222"
            base = urlsplit(found["url"])
            statuses = []
            for type_name in (OLD, OLD, NEW):
                connection = http.client.HTTPConnection(base.netloc, timeout=60)
                day = {"prm": found["prm"], "start": "2026-01-05", "end": "2026-01-06"}
                connection.request(
                    "GET",
                    f"{base.path}/{type_name}?{urlencode(day)}",
                    headers={"Authorization": f"Bearer {found['token']}"},
                )
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)
                connection.close()
            assert statuses[0] == 403
            assert statuses[1] in (200, 400)  # by the real date: one day, too old one day
            assert statuses[2] == 400
            program.send_signal(number)
            assert program.wait(60) == 0
        finally:
            program.kill()


@pytest.mark.parametrize("wrong", [["--prm", "12"], ["--fault", "flood"], ["--shape", "v5"]])
def test_program_refuses_a_wrong_command_line(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from linky_tui.demo.api_server import main

    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
    assert wrong[0] in capsys.readouterr().err
