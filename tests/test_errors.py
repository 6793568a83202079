"""Whose side an error is on: known for each, and said once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import linky_tui
from linky_tui.cli import report_error
from linky_tui.errors import (
    ApiError,
    BudgetSpent,
    ConfigError,
    LinkyError,
    Side,
    StorageError,
    TemporaryError,
)

SOURCES = sorted(Path(linky_tui.__file__).parent.rglob("*.py"))
SIDELESS = {"LinkyError", "TemporaryError"}
"""Classes that are on no usual side: whoever raises one has to say."""


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield f"{path.name}:{node.lineno}", node


@pytest.mark.parametrize(
    ("sides", "text"),
    [
        ([], ""),
        ([Side.YOURS], "On your side."),
        ([Side.GATEWAY, Side.ENEDIS], "On the gateway's side or Enedis'."),
        ([Side.MONGODB, Side.YOURS], "On MongoDB's side or yours."),
        ([Side.OURS], "On linky-tui's side."),
    ],
)
def test_the_side_is_a_sentence_and_stands_in_the_json(sides: list[Side], text: str) -> None:
    error = ApiError("Nonsense", "Why.", "Do.", sides=sides)
    assert error.side_text == text
    assert error.to_json()["sides"] == sides
    assert error.details == (("Why.", text, "Do.") if text else ("Why.", "Do."))


def test_each_class_has_its_usual_side() -> None:
    assert StorageError("", "", "").sides == (Side.MONGODB,)
    assert BudgetSpent("", "", "").sides == (Side.GATEWAY,)
    assert TemporaryError("", "", "").sides == ()


def test_whoever_raises_a_bare_error_says_whose_side_it_is_on() -> None:
    found = [
        place
        for place, call in calls()
        if isinstance(call.func, ast.Name)
        and call.func.id in SIDELESS
        and "sides" not in {keyword.arg for keyword in call.keywords}
    ]
    assert not found


def test_no_text_names_a_side_with_a_label() -> None:
    label = re.compile(r"^(Yours|Ours|Enedis|The gateway|Enedis or the gateway): ")
    texts = (
        (path.name, node.value)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert not [found for found in texts if label.match(found[1])]


def test_the_command_line_says_the_side_once_and_nothing_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error: LinkyError = ConfigError(
        "The address is wrong", "No such host.", "Correct it.", ("uri: No such host.", "port: 0")
    )
    report_error(error, as_json=False, command="check")
    assert capsys.readouterr().err.splitlines() == [
        "linky-tui: The address is wrong",
        "  No such host.",
        "  - port: 0",
        "  On your side.",
        "  Correct it.",
    ]
