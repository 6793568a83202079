"""``[keys]``: which keys exist, which actions have them, and what the configuration says of it."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from textual.binding import Binding, BindingsMap
from textual.keys import Keys

from linky_tui.config import load
from linky_tui.config.example import example_text
from linky_tui.config.keyboard import ACTIONS, DIALOGS, clashes, key_names, key_problem, key_warning
from linky_tui.config.save import save
from tests.config.files import problems, write

UI = Path(__file__).parents[2] / "linky_tui" / "ui"


@pytest.mark.parametrize("key", ["a", "/", "slash", "ctrl+x", "f5", "shift+tab", "x, y", "é", "<"])
def test_keys_that_exist_are_taken(key: str) -> None:
    assert key_problem(key) == ""


@pytest.mark.parametrize("key", ["foo", "ctrl+foo", ",", "[bold]"])
def test_keys_that_do_not_exist_are_refused(key: str) -> None:
    assert key_problem(key)


@pytest.mark.parametrize("key", ["5", "[", "backslash", "ctrl+right_square_bracket", "\\"])
def test_keys_that_azerty_hides_are_warned_of(key: str) -> None:
    assert key_problem(key) == ""
    assert "AZERTY" in key_warning(key)


@pytest.mark.parametrize("typed", ["a", "V", "/", "\\", "-", "+", "_", "@", "?", "é", "x, y", "f5"])
def test_keys_are_named_as_textual_names_them(typed: str) -> None:
    assert list(key_names(typed)) == list(BindingsMap([Binding(typed, "x")]).key_to_bindings)


def test_every_key_of_textual_exists_here() -> None:
    # Events that no key of a keyboard makes, and names of one key twice.
    other = {"<any>", "<ignore>", "<scroll-down>", "<scroll-up>", "ctrl-at", "@", "return"}
    names = {key.value.rpartition("+")[2] for key in Keys} - other
    assert [name for name in sorted(names) if key_problem(name)] == []


def test_every_action_is_bound_and_has_keys_of_its_own() -> None:
    bound = [
        str(node.args[0].value)
        for file in UI.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "bind"
        if isinstance(node.args[0], ast.Constant)
    ]
    assert sorted(bound) == sorted(ACTIONS)
    for action in ACTIONS.values():
        assert key_problem(action.key) == "", action
        assert clashes({action.id: action.key}) == {}, action


def test_a_clash_is_told_where_both_keys_work() -> None:
    assert clashes({}) == {}
    assert "Read" in clashes({"point-right": ACTIONS["point-left"].key})["point-right"]
    assert "Backfill" in clashes({"charts": "b"})["charts"]
    assert clashes({"charts": "b", "backfill": "c"}) == {}
    assert "Dashboard" in clashes({"settings-discard": "d"})["settings-discard"]
    assert clashes({"settings-discard": "t"}) == {}
    assert ACTIONS["dialog.copy"].place in DIALOGS
    assert clashes({"dialog.copy": "s"}) == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('snyc = "y"', "[keys] snyc is no action; did you mean sync?"),
        ('nothing-like-it-at-all = "y"', "is no action; known are sync, dashboard,"),
        ('sync = "foo"', "[keys] sync: No key is called foo."),
        ('sync = ","', "[keys] sync: Write the comma key as comma."),
        ('sync = "d"', "[keys] sync: Also the key of Dashboard (Everywhere)."),
        ('sync = "y"\nlog.copy = "k"\ncharts = "y"', "[keys] charts: Also the key of Sync"),
        ('log.cpoy = "y"', "[keys] log.cpoy is no action; did you mean log.copy?"),
        ("log.copy = 3", "[keys] log.copy = 3 is not a text"),
    ],
)
def test_what_is_wrong_with_keys_is_a_problem_of_the_configuration(
    tmp_path: Path, line: str, said: str
) -> None:
    assert any(said in each for each in problems(tmp_path, f"[keys]\n{line}"))


@pytest.mark.parametrize("line", ['log.copy = "k"', '"log.copy" = "k"', '[keys.log]\ncopy = "k"'])
def test_a_name_with_a_dot_is_taken_as_everybody_writes_it(tmp_path: Path, line: str) -> None:
    file = write(tmp_path, f"[keys]\n{line}")
    found = load(file, {})
    assert found.keys == {"log.copy": "k"}
    save(found)
    assert file.read_text() == f"[keys]\n{line}\n" or file.read_text() == f"[keys]\n{line}"
    save(replace(found, keys={"log.copy": "w", "backfill.run": "w"}))
    assert load(file, {}).keys == {"log.copy": "w", "backfill.run": "w"}
    save(replace(found, keys={}))
    assert load(file, {}).keys == {}


def test_the_example_names_every_action() -> None:
    text = example_text()
    assert [name for name in ACTIONS if name not in text] == []
