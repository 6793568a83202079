"""Hostile texts on standard output and standard error, and in the texts that storage makes."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
from pathlib import Path

import pytest
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
)

from linky_tui import cli
from linky_tui.headless.output import print_lines, say
from linky_tui.storage.address import address_error
from linky_tui.storage.errors import translate
from linky_tui.system.crash import harmless_errors, traceback_text
from tests.tools.program import command, finished, start
from tests.tools.servers import Handler, TinyServer
from tests.torture.hostile import pools
from tests.torture.hostile.harmless import assert_harmless
from tests.torture.hostile.names import hostile_config
from tests.torture.report import Tally

COMMANDS = (["--sync", "--verbose"], ["--backfill", "--json"], ["--check"], ["--check", "--json"],
            ["--stats"])  # fmt: skip


def ran(file: Path, *arguments: str) -> tuple[str, str]:
    done = finished(start(command("--config", str(file), *arguments)), 200)
    assert done.code in (0, 1, 2, 3), done
    assert "Traceback" not in done.err
    return done.out, done.err


def test_the_command_line_prints_no_escape(
    mongod_uri: str, mongo_database_name: str, tmp_path: Path, tally: Tally
) -> None:
    row = tally("hostile text of gateway and configuration, printed")
    said = "".join([*pools.CONTROL, *pools.UNICODE[:12], *pools.MARKUP])
    error = {"status": 400, "message": said, "error": {"code": said, "error_description": said}}

    def answer(handler: Handler) -> None:
        handler.send(json.dumps(error).encode(), 400)

    with TinyServer(answer) as server:
        file = hostile_config(tmp_path, mongod_uri, mongo_database_name, server.url)
        for command in COMMANDS:
            with row.one_try():
                out, err = ran(file, *command)
                assert_harmless(out)
                assert_harmless(err)
                if "--json" in command:
                    assert out.isascii()
                    assert isinstance(json.loads(out), dict)


@pytest.mark.parametrize(
    "name", [b"\xff\x1b[31m.toml", "\x9b31m\u202e[b].toml".encode(), b"a\nb.toml"]
)
def test_a_file_of_any_name(
    name: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that is not even UTF-8, there or not there, good or bad."""
    monkeypatch.setenv("LINKY_TUI_MONGODB_URI", "x\x9b")
    file = tmp_path / os.fsdecode(name)
    for content in (None, b"\xff\xfe[x", b"[mongodb\x1b]", b'[mongodb]\n"\\u001b[31m" = "\\u009b"'):
        if content is not None:
            file.write_bytes(content)
            file.chmod(0o600)
        for more in ([], ["--json"]):
            assert cli.main(["--config", str(file), "--check", *more]) in (1, 2)
            printed = capsys.readouterr()
            assert_harmless(printed.out + printed.err)
    for text in ran(file, "--check"):
        assert_harmless(text)


@pytest.mark.parametrize("text", [t for t in pools.TEXTS if "\x00" not in t and len(t) < 5_000])
def test_arguments(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        [f"--{text}"],
        ["--since", text, "--backfill"],
        ["--config", text, "--check"],
    ):
        assert cli.main(arguments) in (1, 2)
        printed = capsys.readouterr()
        assert_harmless(printed.out + printed.err)


def test_the_last_moment_before_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for text in pools.TEXTS:
        print_lines([text, f"  a  {text}  b"])
        say(text)
        printed = capsys.readouterr()
        assert_harmless(printed.out + printed.err)
    print_lines(["  two  spaces", "– 3 %"])
    assert capsys.readouterr().out == "  two  spaces\n– 3 %\n"


def test_what_mongodb_says() -> None:
    """Every error of the driver, with texts of a hostile server in it."""
    for text in pools.TEXTS:
        errors: list[PyMongoError] = [
            OperationFailure(text, 18, {"errmsg": text}),
            OperationFailure(text, 13, {"errmsg": text}),
            OperationFailure(text, 8000, {"errmsg": text}),
            OperationFailure(text, None, None),
            WriteConcernError(text, 64, {"errmsg": text}),
            BulkWriteError({"writeErrors": [{"code": 1, "errmsg": text}]}),
            BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"errmsg": text}]}),
            ConnectionFailure(text),
            ServerSelectionTimeoutError(f"{text}: no primary"),
            ConfigurationError(text),
            PyMongoError(text),
        ]
        for error in [*(translate(each) for each in errors), address_error(ValueError(text), "x")]:
            assert_harmless("\n".join([error.title, error.cause, error.next_step]))
            assert len(str(error)) < 900


def test_what_nobody_expected() -> None:
    """Tracebacks and log records hold the texts of exceptions."""
    for text in pools.TEXTS:
        assert_harmless(traceback_text(ValueError(text)))
        stream = io.StringIO()
        with harmless_errors(stream):
            assert logging.lastResort is not None
            logging.lastResort.handle(logging.makeLogRecord({"msg": "%s", "args": (text,)}))
            threading.excepthook(
                threading.ExceptHookArgs((ValueError, ValueError(text), None, None))
            )
        assert_harmless(stream.getvalue())
