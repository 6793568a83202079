"""What starts without anything heavy, and sizes; who may import what stands in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "linky_tui").rglob("*.py"))
HEAVY = ("textual", "plotext", "rich", "pymongo", "bson", "requests")
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


def test_no_file_is_long_and_no_folder_full() -> None:
    files = [*SOURCES, *(ROOT / "tests").rglob("*.py")]
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines())
        for file in files
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}
    folders = Counter(str(source.parent.relative_to(ROOT)) for source in SOURCES)
    assert {name: count for name, count in folders.items() if count > MAX_FILES} == {}
