"""What starts without anything heavy, and sizes; who may import what stands in pyproject.toml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.tools.config import configuration, meter, write
from tests.tools.tokens import token

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "linky_tui").rglob("*.py"))
HEAVY = ("textual", "plotext", "rich", "pymongo", "bson", "requests")
PRM = "12345678901234"
MAX_LINES, MAX_FILES = 400, 14


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_version_and_help_load_nothing_heavy(argument: str) -> None:
    code = (
        "import sys\n"
        "from linky_tui.cli import main\n"
        f"assert main([{argument!r}]) == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    "command", [["--sync"], ["--stats"], ["--backfill"], ["--verify"], ["--shard-commands"]]
)
def test_a_headless_command_never_loads_the_interface(command: list[str]) -> None:
    # It ends on the missing configuration file, after everything it needs was imported.
    code = (
        "import sys\n"
        "from linky_tui.cli import main\n"
        f"code = main({[*command, '--config', 'does-not-exist.toml']!r})\n"
        "print(code, [name for name in ('textual', 'plotext', 'rich') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=200
    )
    assert done.stdout.strip() == "2 []", done.stderr


FRAME = """
import json, sys
from pathlib import Path
from linky_tui.ui.app import LinkyApp

def drawn(app, screen, _):
    if app.frame is None:
        lines = [line.text for line in screen._compositor.render_strips()]
        app.frame = json.dumps([[*sys.modules], lines])
        app.exit()

LinkyApp.frame = None
LinkyApp._display = drawn
app = LinkyApp(Path(sys.argv[1]) if sys.argv[1] else None)
app.run(headless=True, size=(80, 24))
print(app.frame)
"""

# The panel has the width and the place that it keeps.
HOME = ("Dashboard", "─ Yesterday ─", "│ –  ", "╮╭─ Last 14 days (kWh) ─╮")


@pytest.mark.parametrize(
    ("meters", "shown"),
    [
        ([meter(PRM, token(sub=[PRM]))], (*HOME, "12········1234")),
        ([meter("", token(sub=[PRM]))], HOME),
        (None, ("Dashboard", "linky-tui", "simulated")),
    ],
    ids=["meter", "token alone", "newcomer"],
)
def test_the_first_frame_is_whole_and_needs_nothing_heavy(
    tmp_path: Path, meters: list[dict[str, str]] | None, shown: tuple[str, ...]
) -> None:
    file = tmp_path / "config.toml"
    if meters is not None:
        write(file, configuration(uri="mongodb://127.0.0.1:9/", meters=meters))
    kept = {name: each for name, each in os.environ.items() if not name.startswith("XDG_")}
    done = subprocess.run(
        [sys.executable, "-c", FRAME, "" if meters is None else str(file)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=200,
        env=kept | {"HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    modules, lines = json.loads(done.stdout)
    assert not {"pymongo", "bson", "requests", "jwt", "plotext"} & set(modules)
    assert [each for each in shown if each not in "\n".join(lines)] == []


def test_no_file_is_long_and_no_folder_full() -> None:
    files = [*SOURCES, *(ROOT / "tests").rglob("*.py")]
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines())
        for file in files
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}
    folders = Counter(str(source.parent.relative_to(ROOT)) for source in SOURCES)
    assert {name: count for name, count in folders.items() if count > MAX_FILES} == {}
