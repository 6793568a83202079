"""Who counts as a server that answers."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from pathlib import Path

from linky_tui.storage.server.endpoint import Endpoint
from tests.tools.mongod import PrivateMongod
from tests.tools.servers import GREETING, claimed_mongod

PATIENT_S, IMPATIENT_S = 20.0, 0.2


def test_a_server_that_is_frozen_or_has_ended_does_not_answer(short_tmp_path: Path) -> None:
    path = short_tmp_path / "m.sock"
    endpoint = Endpoint(path)
    assert not endpoint.answers(PATIENT_S)
    mongod = PrivateMongod(short_tmp_path)
    try:
        mongod.start()
        assert endpoint.answers(PATIENT_S)
        mongod.freeze()
        began = time.monotonic()
        assert not endpoint.answers(IMPATIENT_S)
        assert time.monotonic() - began < PATIENT_S
        mongod.thaw()
        assert endpoint.answers(PATIENT_S)
    finally:
        mongod.kill()
    assert path.exists(), "its socket is left behind"
    assert not endpoint.answers(PATIENT_S)


def test_a_socket_that_nobody_serves_does_not_answer(short_tmp_path: Path) -> None:
    path = short_tmp_path / "m.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert not Endpoint(path).answers(PATIENT_S), "it does not listen yet"
        listener.listen()
        assert not Endpoint(path).answers(IMPATIENT_S)


def test_what_speaks_no_mongodb_does_not_answer(short_tmp_path: Path) -> None:
    path = short_tmp_path / "m.sock"

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        assert not Endpoint(path).answers(IMPATIENT_S)
        server.shutdown()


def test_a_server_too_old_for_the_driver_answers(short_tmp_path: Path) -> None:
    path = short_tmp_path / "m.sock"
    with claimed_mongod(lambda _: {**GREETING, "maxWireVersion": 6}, path):
        assert Endpoint(path).answers(PATIENT_S)
