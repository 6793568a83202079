"""What is wrong with a configuration: everything at once, and no secret in any text."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest

from linky_tui.config import Config, load
from linky_tui.errors import ConfigError
from tests.config.files import PRM, TOKEN, problems, write

MANY = f"""
urii = 3
database = "x"
[mongo]
[mongodb]
uri = "http://ann:s3cret@host"
database = "a.b"
colection = "x"
requests_per_day = 1
[enedis]
requests_per_day = true
api_url = "https://ann:s3cret@host"
[[meters]]
prm = "1234"
token = "s3cret"
[[meters]]
prm = "{PRM}"
[[meters]]
prm = "{PRM}"
[display]
marker = "ascii"
[keys]
sync = 3
"""


def test_every_problem_is_reported_at_once_with_file_key_and_what_is_allowed(
    tmp_path: Path,
) -> None:
    found = problems(tmp_path, MANY, {"LINKY_TUI_TOKEN": "s3cret"})
    expected = [
        ("urii is unknown", "did you mean uri under [mongodb]?"),
        ("database stands outside", "write database under [mongodb]"),
        ("[mongo] is unknown", "did you mean [mongodb]?"),
        ("[mongodb] uri is not a MongoDB address", "mongodb+srv://"),
        ('[mongodb] database = "a.b"', "without space"),
        ("[mongodb] colection is unknown", "did you mean collection?"),
        ("[mongodb] requests_per_day is unknown", "belongs under [enedis]"),
        ("[enedis] requests_per_day = true is not a whole number", "from 1"),
        ("[enedis] api_url contains a user name", "https address"),
        ("[[meters]] number 1 prm has 4 characters", "exactly 14 digits"),
        ("[[meters]] number 1 token is not a token", "three parts"),
        ("[[meters]] number 3 has the PRM and the flow of number 2", "once"),
        ('[display] marker = "ascii" is not known', "braille, half-block or dot"),
        ("[keys] sync = 3 is not a text", "in quotes"),
        ("environment: LINKY_TUI_TOKEN is not a token", "three parts"),
    ]
    assert len(found) == len(expected)
    for problem, (what, allowed) in zip(found, expected, strict=True):
        assert what in problem
        assert allowed in problem
        assert problem.startswith((str(tmp_path / "config.toml"), "environment: "))


def test_no_problem_repeats_a_secret_or_a_prm(tmp_path: Path) -> None:
    text = MANY + f'[{TOKEN.replace(".", "-")}]\n"{TOKEN}" = "{TOKEN}"\n'
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text), {"LINKY_TUI_TOKEN": "s3cret"})
    error = caught.value
    assert error.__cause__ is error.__context__ is None
    told = "".join(traceback.format_exception_only(error)) + repr(error.args + error.problems)
    for secret in ("s3cret", TOKEN.split(".")[2], PRM):
        assert secret not in told


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[mongodb\n", "line 1, column 9: "),
        ('[mongodb]\nuri = "a\n', "line 2, column 9: "),
        ("[mongodb]\n\nuri = ", "line 3, column 7: "),
        (f'token = "{TOKEN}" "{TOKEN}"', "line 1, column "),
        ("[a]\n[a]\n", "line 2, column "),
    ],
)
def test_broken_toml_is_one_problem_with_its_place(tmp_path: Path, text: str, where: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert where in problem
    assert TOKEN.split(".")[2] not in problem


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("prm = 01234567890123", "stands in quotes"),
        ("prm = 12 345 678 901 234", "stands in quotes"),
        (f"token = {TOKEN}", "stands in quotes"),
        ("prm = “12345678901234”", "Write straight quotes"),
        ("prm = «12345678901234»", "Write straight quotes"),
        ('prm = "12345678901234”', "Write straight quotes"),
        (r'mongod = "C:\Users\me\mongod.exe"', "a \\ is written twice"),
        (r'mongod = "C:\qt\mongod.exe"', "a \\ is written twice"),
    ],
)
def test_a_line_that_is_no_toml_says_what_to_write_instead(
    tmp_path: Path, line: str, remedy: str
) -> None:
    (problem,) = problems(tmp_path, f"[[meters]]\n{line}\nname = 'x'\n")
    assert "line 2, column" in problem
    assert remedy in problem
    assert not {PRM, TOKEN.split(".")[2], "01234567890123"} & set(problem.split())


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    file = write(tmp_path, "")
    file.chmod(0)
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    assert "Permission denied" in caught.value.problems[0]


def test_links_byte_order_marks_and_dev_null_are_fine(tmp_path: Path) -> None:
    file = write(tmp_path, '\ufeff[mongodb]\r\ndatabase = "home"\r\n')
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    assert load(link, {}).mongodb.database == "home"
    assert load(Path(os.devnull), {}) == Config()


@pytest.mark.parametrize(("mode", "warned"), [(0o600, 0), (0o640, 1), (0o602, 1), (0o400, 0)])
def test_a_file_open_to_others_is_a_warning(tmp_path: Path, mode: int, warned: int) -> None:
    file = write(tmp_path, "")
    file.chmod(mode)
    config = load(file, {})
    assert len(config.warnings) == warned
    assert all("chmod 600" in warning for warning in config.warnings)
    assert file.stat().st_mode & 0o777 == mode, "not changed behind the user's back"
