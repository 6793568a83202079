"""Every injected fault as it arrives on the wire."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from linky_tui.demo.server import ApiServer, Fault, FaultKind, RecordedSource
from linky_tui.domain.models import Reading
from tests.tools.waiting import wait_until

PRM = "12345678901234"
NEW, OLD = "courbe_de_charge_consommation", "consumption_load_curve"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 9, 23, tzinfo=UTC)
READINGS = [Reading(MIDNIGHT + timedelta(minutes=30 * n), 30, 200 + 2 * n) for n in range(48)]
SPOILT = {
    "nulls", "empty_values", "no_points", "wrong_prm", "outside_window", "repeated_same",
    "repeated_other", "unsorted", "malformed_value", "negative_value", "huge_value",
    "malformed_label", "t_labels", "no_reading_type", "other_grandeur_first",
}  # fmt: skip
ON_THE_WIRE = {"truncated", "trickle", "silent", "reset", "huge_body"}


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer({PRM: RecordedSource(READINGS)}, clock=lambda: NOW) as running:
        yield running


def open_answer(
    server: ApiServer, type_name: str = NEW, timeout_s: float = 60.0
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    base = urlsplit(server.url)
    connection = http.client.HTTPConnection(base.netloc, timeout=timeout_s)
    try:
        connection.request(
            "GET",
            f"{base.path}/{type_name}?prm={PRM}&start=2026-11-10&end=2026-11-11",
            headers={"Authorization": f"Bearer {server.token}"},
        )
        return connection, connection.getresponse()
    except BaseException:
        connection.close()
        raise


def ask(server: ApiServer, type_name: str = NEW) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection, response = open_answer(server, type_name)
    try:
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def points(body: bytes) -> list[dict[str, Any]]:
    found = json.loads(body)
    if "interval_reading" in found:
        return list(found["interval_reading"])
    return list(found["grandeur"][0]["points"])


CANNED: dict[str, tuple[int, str, str]] = {
    "technical_error": (500, "application/json", "technical_error"),
    "internal_error": (500, "application/json", '"error": "Internal Server error"'),
    "proxy_token": (500, "application/json", "Impossible de rafraîchir le token"),
    "proxy_unknown": (500, "application/json", "Erreur inconnue. Réessayez plus tard"),
    "unavailable": (503, "application/json", "Service Unavailable"),
    "bad_gateway": (502, "text/html", "502 Bad Gateway"),
    "gateway_timeout": (504, "application/problem+json", "Gateway time-out"),
    "quota": (429, "application/json", '"nextAccessTime": "2026-Nov-22 13:00:00+0000 UTC"'),
    "quota_fault": (429, "application/json", '"fault": {"code": 900807'),
    "quota_old": (429, "application/json", '"code": 429'),
    "banned": (403, "text/html", "Attention Required! | Cloudflare"),
    "not_owner": (400, "application/json", "ADAM-DC-0007"),
    "no_consent": (403, "application/json", "ADAM-DC-0008"),
    "before_consent": (403, "application/json", "ADAM-DC-0009"),
    "not_subscribed": (403, "application/json", '"code": "900908"'),
    "before_activation": (400, "application/json", "ADAM-ERR0123"),
    "token_refused": (401, "application/json", "Votre token est invalide"),
    "no_data": (404, "application/json", "no_data_found"),
    "unknown_type": (400, "application/json", '"path": ["type"]'),
    "not_found": (404, "text/html", "404 Not Found"),
    "redirect": (302, "text/html", ""),
    "html_200": (200, "text/html", "<!DOCTYPE html>"),
    "unknown_shape": (200, "application/json", '"mesures"'),
    "not_json": (200, "application/json", '{"idPrm": "'),
}


def test_every_kind_is_tested_here() -> None:
    assert CANNED.keys() | SPOILT | ON_THE_WIRE == set(FaultKind)


@pytest.mark.parametrize("kind", sorted(CANNED))
def test_canned_answers_once_then_normal_again(server: ApiServer, kind: str) -> None:
    status, content_type, text = CANNED[kind]
    server.inject(kind)
    found, headers, body = ask(server)
    assert found == status
    assert headers.get_content_type() == content_type
    assert text in body.decode()
    assert ask(server)[0] == 200
    assert [(entry.status, entry.fault) for entry in server.log] == [(status, kind), (200, None)]


def test_retry_after_and_next_access_time(server: ApiServer) -> None:
    server.inject(Fault("unavailable", retry_after_s=120))
    server.inject(Fault("quota", retry_after_s=7, next_access_s=90))
    assert ask(server)[1]["Retry-After"] == "120"
    _, headers, body = ask(server)
    assert headers["Retry-After"] == "7"
    assert json.loads(body)["error"]["nextAccessTime"] == "2026-Nov-22 12:01:30+0000 UTC"


def test_redirect_leads_to_another_host(server: ApiServer) -> None:
    server.inject("redirect")
    assert ask(server)[1]["Location"] == "https://elsewhere.example/api/"


@pytest.mark.parametrize(("type_name", "value", "when"), [(NEW, "v", "d"), (OLD, "value", "date")])
class TestSpoiltAnswers:
    def spoilt(self, server: ApiServer, kind: str, type_name: str) -> list[dict[str, Any]]:
        server.inject(kind)
        status, _, body = ask(server, type_name)
        assert status == 200
        assert server.log[-1].fault == kind
        return points(body)

    def test_values(self, server: ApiServer, type_name: str, value: str, when: str) -> None:
        def values(kind: str) -> list[Any]:
            return [point[value] for point in self.spoilt(server, kind, type_name)]

        assert values("nulls") == [None] * 48
        assert values("empty_values") == [""] * 48
        assert values("malformed_value")[:2] == ["12.5e", "202"]
        assert values("negative_value")[:2] == ["-8", "202"]
        assert int(values("huge_value")[0]) > 1_000_000
        assert values("no_points") == []

    def test_labels(self, server: ApiServer, type_name: str, value: str, when: str) -> None:
        def found(kind: str) -> list[tuple[Any, Any]]:
            return [(p[when], p[value]) for p in self.spoilt(server, kind, type_name)]

        normal = [(p[when], p[value]) for p in points(ask(server, type_name)[2])]
        first = normal[0]
        assert found("repeated_same") == [first, *normal]
        assert found("repeated_other") == [first, (first[0], "202"), *normal[1:]]
        assert found("unsorted") == normal[::-1]
        assert found("malformed_label") == [("00:30", first[1]), *normal[1:]]
        assert found("t_labels") == [(at.replace(" ", "T"), power) for at, power in normal]
        assert found("outside_window") == [*normal, ("2026-11-12 00:00:00", normal[-1][1])]

    def test_envelope(self, server: ApiServer, type_name: str, value: str, when: str) -> None:
        server.inject("wrong_prm")
        body = json.loads(ask(server, type_name)[2])
        assert body.get("idPrm", body.get("usage_point_id")) == "99999999999999"
        server.inject("no_reading_type")
        assert "reading_type" not in json.loads(ask(server, type_name)[2])


def test_a_day_can_be_named_whose_point_is_spoilt(server: ApiServer) -> None:
    days = [date(2026, 11, day) for day in (9, 10, 11)]
    for day in days:
        server.inject(Fault("negative_value", day=day))
    values = [point["v"] for point in points(ask(server)[2])]
    assert values == ["-8", *(str(202 + 2 * n) for n in range(47))]
    assert "-8" not in [point["v"] for point in points(ask(server)[2])]


def test_another_quantity_may_come_first(server: ApiServer) -> None:
    server.inject("other_grandeur_first")
    grandeur = json.loads(ask(server)[2])["grandeur"]
    assert [entry["grandeurMetier"] for entry in grandeur] == ["PROD", "CONS"]
    assert grandeur[1]["points"][5]["v"] == "210"
    assert {point["v"] for point in grandeur[0]["points"]} == {"0"}


def test_truncated_body_promises_more_than_it_sends(server: ApiServer) -> None:
    server.inject("truncated")
    connection, response = open_answer(server)
    with contextlib.closing(connection), pytest.raises(http.client.IncompleteRead) as cut:
        response.read()
    assert len(cut.value.partial) > 100
    assert cut.value.expected is not None
    assert cut.value.expected > 100


def test_trickle_sends_a_little_at_a_time(server: ApiServer) -> None:
    server.inject(Fault("trickle", pause_s=0.1))
    before = time.monotonic()
    connection, response = open_answer(server)
    with contextlib.closing(connection), response:
        response.read(3 * 64)
    assert 0.15 < time.monotonic() - before < 20


def test_silence_is_a_timeout_for_the_client(server: ApiServer) -> None:
    server.inject("silent")
    with pytest.raises(TimeoutError):
        open_answer(server, timeout_s=0.2)
    # A loaded machine may come to the request when nobody waits for it any more.
    wait_until(lambda: server.log, "the request")
    assert server.log[0].status is None
    assert ask(server)[0] == 200, "one silent request does not stop the others"


def test_reset_is_a_reset_and_not_an_end(server: ApiServer) -> None:
    server.inject("reset")
    with pytest.raises(ConnectionResetError):
        open_answer(server)
    assert ask(server)[0] == 200


def test_huge_body_has_the_length_asked_for(server: ApiServer) -> None:
    server.inject(Fault("huge_body", size_bytes=1_000_000))
    status, headers, body = ask(server)
    assert (status, headers["Content-Length"], len(body)) == (200, "1000000", 1_000_000)
    assert json.loads(body) == {}


def test_close_does_not_wait_for_slow_answers() -> None:
    server = ApiServer({PRM: RecordedSource(READINGS)}, clock=lambda: NOW, latency_s=0.05)
    server.inject("silent")
    server.inject(Fault("trickle", pause_s=30))
    outcomes: list[type[BaseException] | None] = []

    def meet() -> None:
        try:
            connection, response = open_answer(server)
            with contextlib.closing(connection), response:
                response.read()
            outcomes.append(None)
        except (OSError, http.client.HTTPException) as error:
            outcomes.append(type(error))

    clients = [threading.Thread(target=meet) for _ in range(2)]
    for client in clients:
        client.start()
    wait_until(lambda: len(server.log) == 2, "both requests")
    before = time.monotonic()
    server.close()
    assert time.monotonic() - before < 20
    for client in clients:
        client.join(60)
    assert len(outcomes) == 2
    assert None not in outcomes


def test_faults_can_be_taken_back(server: ApiServer) -> None:
    server.inject(Fault("banned", times=None))
    assert [ask(server)[0] for _ in range(2)] == [403, 403]
    server.clear_faults()
    assert ask(server)[0] == 200
