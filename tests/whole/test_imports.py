"""The shape of the program: who may import what, and what starts without anything heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "linky_tui"
SOURCES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ("textual", "plotext", "rich", "pymongo", "bson", "requests")
MAX_LINES = 400

OWNERS = {
    "pymongo": "storage",
    "bson": "storage",
    "gridfs": "storage",
    "requests": "enedis",
    "urllib3": "enedis",
    "textual": "ui",
    "plotext": "ui",
    "rich": "ui",
}
"""Third-party packages that only one part of the program talks to (design.md §1)."""

FORBIDDEN = {
    "enedis": {"ui", "storage"},
    "storage": {"ui", "enedis"},
    "ingest": {"ui"},
    "demo": {"ui"},
    "headless": {"ui"},
}
"""Our own parts that a part never imports (design.md §1)."""


def imported(source: Path) -> Iterator[str]:
    """Full names of what a file imports, also inside functions and for types only."""
    yield from imports_of(source.read_text(encoding="utf-8"), source.relative_to(ROOT).parent.parts)


def imports_of(text: str, package: tuple[str, ...]) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *([node.module] if node.module else [])))
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def part_of(source: Path) -> str:
    """The part of the program that a file belongs to; "" for the ground floor."""
    parts = source.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


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


@pytest.mark.parametrize("command", [["--sync"], ["--stats"], ["--backfill"], ["--verify"]])
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


def test_third_party_packages_stay_with_the_part_that_owns_them() -> None:
    wrong = [
        f"{source.relative_to(ROOT)} imports {name}"
        for source in SOURCES
        for name in imported(source)
        if OWNERS.get(name.partition(".")[0], part_of(source)) != part_of(source)
    ]
    assert wrong == []


def test_parts_do_not_import_what_stands_above_or_beside_them() -> None:
    wrong = [
        f"{source.relative_to(ROOT)} imports {name}"
        for source in SOURCES
        for name in imported(source)
        for part in FORBIDDEN.get(part_of(source), ())
        if f"{name}.".startswith(f"linky_tui.{part}.")
    ]
    assert wrong == []


def test_the_ground_floor_of_the_configuration_imports_no_part() -> None:
    ground = [
        source
        for source in SOURCES
        if source.parent == PACKAGE
        and source.stem.startswith(("config", "paths", "errors", "formatting", "models", "paris"))
    ]
    parts = {part_of(source) for source in SOURCES} - {""}
    wrong = [
        f"{source.name} imports {name}"
        for source in ground
        for name in imported(source)
        if name.startswith("linky_tui.") and name.split(".")[1] in parts
    ]
    assert len(ground) > 6
    assert wrong == []


def test_no_source_file_is_long() -> None:
    files = [*SOURCES, *(ROOT / "tests").rglob("*.py")]
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines())
        for file in files
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


def test_relative_and_nested_imports_are_seen() -> None:
    text = "from ..ui import app\nfrom . import token\ndef f():\n    import pymongo.errors\n"
    assert set(imports_of(text, ("linky_tui", "enedis"))) == {
        "linky_tui.ui",
        "linky_tui.ui.app",
        "linky_tui.enedis",
        "linky_tui.enedis.token",
        "pymongo.errors",
    }
