"""Bugs: whatever is raised, wherever, the texts of a crash hold no secret and no local variable."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linky_tui.system import crash
from linky_tui.text import redaction
from linky_tui.text.formatting import mask_prm
from tests.torture.cli_runs import Home
from tests.torture.conftest import Scale
from tests.torture.report import Tally
from tests.torture.secrets.altered import ALTERATION, Run, run_altered
from tests.torture.secrets.marks import PASSWORD, Marks, marked_token
from tests.torture.secrets.stage import PRM, Stage, config_file, configured
from tests.whole.cli.tools import Done

FAULT = "secrets, a bug in the program"
BUGS = {
    "in the session": "linky_tui.session:Session.store",
    "in the budget": "linky_tui.enedis.budget_file:BudgetFile.transaction",
    "in the client": "linky_tui.enedis.client:ConsoClient.attempt",
    "in the request": "linky_tui.enedis.client:ConsoClient._receive",
    "in the engine": "linky_tui.headless.ingest:run_job",
    "in the driver": "linky_tui.storage.connection:MongoClient",
    "in the store": "linky_tui.storage.store:Store.open",
    "in the output": "linky_tui.headless.ingest:summarise",
}
KINDS = ("error", "thread", "log", "interrupt")


@pytest.fixture
def secret_file(stage: Stage, short_tmp_path: Path) -> Path:
    """What the bug quotes: both secrets in every way in which they come along."""
    file = short_tmp_path / "quoted.txt"
    text = f"{stage.token}\n{stage.uri()}\n{PASSWORD!r}\nBearer {stage.token}\n{stage.marks}"
    file.write_text(text, encoding="utf-8")
    return file


def test_no_crash_of_a_command_tells_a_secret(
    stage: Stage, short_tmp_path: Path, secret_file: Path, scale: Scale, tally: Tally
) -> None:
    row = tally(FAULT)
    home = Home(short_tmp_path)
    loud = ("--verbose", "--json")

    def file(number: int) -> str:
        # A database each: where all is stored nothing is asked, and the bug not met.
        return str(config_file(home, str(number), **stage.settings(f"crash_{number}")))

    runs = [
        Run(
            f"{name}, {kind}",
            ("--sync", loud[(number + which) % 2], "--config", file(10 * number + which)),
            bug=(place, str(secret_file)),
            bug_kind=kind,
        )
        for number, (name, place) in enumerate(BUGS.items())
        for which, kind in enumerate(KINDS)
        # Only the main thread is interrupted.
        if (kind, name) != ("interrupt", "in the request")
        and (scale.long or kind == "error" or name in ("in the store", "in the client"))
    ]
    with home:
        for name, done in run_altered(home, runs).items():
            row.tried += 1
            stage.marks.absent(name, done.out + done.err)
            _as_expected(name, done)
            row.survived += 1
        assert stage.marks.absent_in_files(home.folder, but=("config.toml",)) >= 1


def _as_expected(name: str, done: Done) -> None:
    if name.endswith("interrupt"):
        assert done.code == 130, (name, done)
    elif name.endswith("error") and name != "in the request, error":
        assert done.code == 1, (name, done)
        assert "Traceback" in done.err, (name, "where it happened is told")
        assert "raise RuntimeError(told)" in done.err
        if "--json" in name or done.out:
            assert done.document["error"]["title"] == "linky-tui has failed"
    elif name.endswith(("thread", "log")):
        assert "…" in done.err, (name, "what was quoted is shown without the secrets", done)


def test_an_interrupted_run_tells_nothing(stage: Stage, short_tmp_path: Path) -> None:
    home = configured(stage, short_tmp_path, "interrupted")
    with home:
        for delay_s in (0.05, 0.25, 0.5):
            process = home.start("--backfill", "--verbose")
            time.sleep(delay_s)
            for _ in range(2):
                process.send_signal(2)
            out, err = process.communicate(timeout=200)
            stage.marks.absent(f"interrupted after {delay_s} s", out + err)
        assert stage.marks.absent_in_files(home.folder) >= 0


@pytest.mark.parametrize(
    "place",
    [
        "linky_tui.ui.app:LinkyApp._apply_configuration",
        "linky_tui.ui.dashboard.page:DashboardPage.compose_body",
        "linky_tui.ui.dashboard.page:DashboardPage.refresh_data",
    ],
)
def test_no_crash_of_the_application_tells_a_secret(
    place: str, stage: Stage, short_tmp_path: Path, secret_file: Path, tally: Tally
) -> None:
    """In a real terminal; Textual's own crash report would show all local variables."""
    row = tally(FAULT)
    row.tried += 1
    home = configured(stage, short_tmp_path, "screens")
    run = Run("app", (), bug=(place, str(secret_file)))
    with home:
        shown, code = in_a_terminal(home.environment | {ALTERATION: run.to_json()})
        assert code == 1, shown
        assert "RuntimeError" in shown, shown
        assert "linky-tui has failed" in shown
        for word in ("locals", "everything =", "secret =", "self = "):
            assert word not in shown, word
        stage.marks.absent(place, shown)
        stage.marks.absent_in_files(home.folder)
    row.survived += 1


def in_a_terminal(environment: dict[str, str], timeout_s: float = 200.0) -> tuple[str, int]:
    """Run the altered program on a terminal of its own; all that it showed, and its exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.torture.secrets.altered"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment | {"TERM": "xterm-256color", "COLUMNS": "200", "LINES": "50"},
        start_new_session=True,
    )
    os.close(theirs)
    shown, deadline = b"", time.monotonic() + timeout_s
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    part = os.read(ours, 65536)
                except OSError:  # the other end was closed
                    break
                if not part:
                    break
                shown += part
            elif process.poll() is not None:
                break
        return shown.decode("utf-8", errors="replace"), process.wait(60)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_a_crash_text_says_where_and_hides_what(capfd: pytest.CaptureFixture[str]) -> None:
    token = marked_token(PRM)
    marks = Marks(token, PASSWORD)
    redaction.protect_token(token)
    redaction.protect(PASSWORD)
    try:
        try:
            raise KeyError(f"{token} of meter {PRM}")
        except KeyError as error:
            error.add_note(f"noted: {PASSWORD}")
            raise OSError(f"mongodb://u:{PASSWORD}@h") from error
    except OSError as error:
        told = crash.traceback_text(error)
        said = crash.unexpected(error)
    marks.absent("the traceback", told)
    assert PRM not in told
    assert mask_prm(PRM) in told
    assert "test_a_crash_text_says_where" in told
    marks.absent("the error", f"{said} {said!r} {said.to_json()}")
    assert len(crash.traceback_text(ValueError("x" * 1_000_000))) < 30_000
