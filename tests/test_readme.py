"""README says what the program does: options, errors, folders, links, pictures."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from linky_tui import cli
from linky_tui.errors import UsageError

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCE = re.sub(
    r'"\s*\n?\s*f?"',
    "",
    "".join(file.read_text("utf-8") for file in ROOT.glob("linky_tui/**/*.py")),
)
OPTIONS = sorted(set(re.findall(r"--[a-z][a-z-]+", cli._parser().format_help())))
BLOCKS = re.findall(r"^```\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line.partition("#")[0].strip()
    for line in (*"".join(BLOCKS).splitlines(), *re.findall(r"`(linky-tui --[^`]*)`", README))
    if re.match(r"linky-tui( |$)", line)
]
LINKS = re.findall(r"\]\(([^)]+)\)", README)


def section(title: str) -> str:
    return re.split(r"^## ", README.partition(f"## {title}\n")[2], flags=re.MULTILINE)[0]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_stands_in_readme(option: str) -> None:
    assert re.search(rf"{option}\b", section("Commands"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_readme_is_understood(command: str) -> None:
    try:
        assert cli.parse(shlex.split(command)[1:]) is not None
    except UsageError as error:
        pytest.fail(str(error))


@pytest.mark.parametrize(
    "said", re.findall(r'"([A-Z][^"]+)"', section("When something goes wrong"))
)
def test_every_error_that_readme_explains_is_said_so(said: str) -> None:
    assert said in SOURCE


@pytest.mark.parametrize("target", sorted({link for link in LINKS if "://" not in link}))
def test_every_link_leads_somewhere(target: str) -> None:
    file, _, anchor = target.partition("#")
    assert (ROOT / file).exists()
    titles = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert not anchor or anchor in anchors


def test_every_file_of_a_command_exists() -> None:
    paths = re.findall(r"`[^`\n]*?((?:tests|\.ci)/[\w/.]+)[^`\n]*`", README)
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_map_names_every_folder() -> None:
    (drawn,) = [block for block in BLOCKS if block.startswith("cli.py ")]
    named = set(re.findall(r"([a-z_]+/|[a-z_]+\.py)", drawn))
    folders = {f"{file.parent.name}/" for file in ROOT.glob("linky_tui/*/**/__init__.py")}
    modules = {file.name for file in ROOT.glob("linky_tui/[!_]*.py")} | {"app.py"}
    assert named == folders | modules


def test_every_picture_is_seen_everywhere_and_small() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert picture.endswith(".png")
        assert (ROOT / picture).stat().st_size < 200_000
