"""Bugs: whatever is raised, wherever, the texts of a crash hold no secret and no local variable."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from linky_tui.enedis.budget_file import BudgetFile
from linky_tui.enedis.client import ConsoClient
from linky_tui.headless import ingest
from linky_tui.session import Session
from linky_tui.storage import connection
from linky_tui.storage.store import Store
from linky_tui.system import crash
from linky_tui.text import redaction
from linky_tui.text.formatting import mask_prm
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.dashboard.page import DashboardPage
from tests.tools.altered import Alteration, place
from tests.tools.homes import Home
from tests.tools.marks import PASSWORD, Marks, marked_token
from tests.tools.program import Done
from tests.torture.conftest import Scale
from tests.torture.report import Tally
from tests.torture.secrets.runs import Run, run_all
from tests.torture.secrets.stage import PRM, Stage, config_file, configured

FAULT = "secrets, a bug in the program"
BUGS = {
    "in the session": place(Session, "store"),
    "in the budget": place(BudgetFile, "transaction"),
    "in the client": place(ConsoClient, "attempt"),
    "in the request": place(ConsoClient, "_receive"),
    "in the engine": place(ingest, "run_jobs"),
    "in the driver": place(connection, "MongoClient"),
    "in the store": place(Store, "open"),
    "in the output": place(ingest, "summarise"),
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
            alteration=Alteration(bug=(where, str(secret_file)), bug_kind=kind),
        )
        for number, (name, where) in enumerate(BUGS.items())
        for which, kind in enumerate(KINDS)
        # Only the main thread is interrupted.
        if (kind, name) != ("interrupt", "in the request")
        and (scale.long or kind == "error" or name in ("in the store", "in the client"))
    ]
    with home:
        for name, done in run_all(home, runs).items():
            with row.one_try():
                stage.marks.absent(name, done.out + done.err)
                _as_expected(name, done)
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
    "where",
    [
        place(LinkyApp, "_apply_configuration"),
        place(DashboardPage, "compose_body"),
        place(DashboardPage, "refresh_data"),
    ],
)
@pytest.mark.fault(FAULT)
def test_no_crash_of_the_application_tells_a_secret(
    where: str, stage: Stage, short_tmp_path: Path, secret_file: Path
) -> None:
    """In a real terminal; Textual's own crash report would show all local variables."""
    home = configured(stage, short_tmp_path, "screens")
    bug = Alteration(bug=(where, str(secret_file)))
    with home, home.on_terminal(alteration=bug) as terminal:
        code = terminal.wait(200)
        shown = terminal.output.decode("utf-8", errors="replace")
        assert code == 1, shown
        assert "RuntimeError" in shown, shown
        assert "linky-tui has failed" in shown
        for word in ("locals", "everything =", "secret =", "self = "):
            assert word not in shown, word
        stage.marks.absent(where, shown)
        stage.marks.absent_in_files(home.folder)


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
