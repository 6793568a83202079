"""Answers without end: bounded memory, bounded time, no thread left (issue 4)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.enedis.build import body, new_curve, new_point
from tests.enedis.tiny_server import Handler, TinyServer
from tests.torture.cli_runs import ROOT
from tests.torture.hostile.flood_child import DEADLINE_S
from tests.torture.hostile.floods import FLOODS, prepare
from tests.torture.hostile.harmless import assert_short
from tests.torture.report import Tally

HONEST = body(new_curve([new_point("2026-11-16 00:30:00", "250")]))
MOST_MB = 160
"""Above an honest answer: two megabytes of empty lists are ninety in Python."""
SLACK_S = 20.0
"""A loaded machine."""


def test_no_answer_takes_more_than_its_share(tally: Tally) -> None:
    prepare()
    sent = iter([lambda handler: handler.send(HONEST), *FLOODS.values()])

    def answer(handler: Handler) -> None:
        next(sent)(handler)

    with TinyServer(answer) as server:
        lines = run_child(server.url, 1 + len(FLOODS))
    first, *rest, end = lines
    assert (first["kind"], first["readings"]) == ("", 1)
    assert end == {"threads": ["MainThread"], "failures": []}
    row = tally("endless or unfolding answer")
    for name, line in zip(FLOODS, rest, strict=True):
        row.tried += 1
        assert line["kind"] in ("bad_answer", "network", "service", "quota", "bad_request"), name
        assert_short(line["text"])
        assert line["seconds"] < DEADLINE_S + SLACK_S, (name, line)
        assert line["peak_mb"] - first["peak_mb"] < MOST_MB, (name, line, first)
        row.survived += 1
    assert dict(zip(FLOODS, rest, strict=True))["a quota that trickles"]["kind"] == "quota"
    print(f"\nAt most {rest[-1]['peak_mb'] - first['peak_mb']} MB above an honest answer")


def run_child(url: str, times: int) -> list[dict[str, Any]]:
    """Ask in a process of its own, whose peak of memory is nobody else's."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.torture.hostile.flood_child", url, str(times)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert not child.stderr
    return [json.loads(line) for line in child.stdout.splitlines()]


def test_no_cookie_is_kept() -> None:
    """What one answer sets would go out with every later request, as large as it likes."""
    cookie = "a=" + "x" * 4_000 + "; Max-Age=99999999; Path=/"
    with TinyServer(lambda handler: handler.send(HONEST, Set_Cookie=cookie)) as server:
        run_child(server.url, 2)
        assert len(server.seen) == 2
        assert not any("Cookie" in headers for _, headers in server.seen)
