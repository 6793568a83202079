"""What the settings form holds, without the form; keys for actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from linky_tui.config import Config, Meter, load
from linky_tui.config.model import SECTIONS
from linky_tui.config.save import save
from linky_tui.domain.models import Flow
from linky_tui.errors import ConfigError
from linky_tui.ui.forms.draft import Draft, meter_problems
from linky_tui.ui.forms.token_report import report_token
from tests.tools.app import token_for

PRM, OTHER = "12345678902823", "98765432109876"
EXAMPLE = Config(
    meters=(Meter(PRM, "a.b.c", "Maison"), Meter(PRM, "a.b.c", "", Flow.PRODUCTION)),
    keys={"sync": "w"},
)


def test_a_draft_holds_every_key_and_gives_the_same_configuration_back(tmp_path: Path) -> None:
    draft = Draft.of(EXAMPLE)
    for section in SECTIONS.values():
        if section.keys and not section.repeated:
            assert set(draft.tables[section.name]) == {key.name for key in section.keys}
    assert draft.config() == EXAMPLE
    assert load(save(draft.config(), tmp_path / "c.toml"), {}) == EXAMPLE


def test_all_problems_are_told_together_and_no_secret_is_repeated() -> None:
    draft = Draft.of(EXAMPLE)
    draft.tables["mongodb"]["uri"] = "postgres://me:hunter2@host"
    draft.tables["enedis"]["requests_per_day"] = "many"
    draft.tables["mongodb"]["timeseries_collection"] = "consumption_days"
    draft.meters[1]["flow"] = "consumption"
    with pytest.raises(ConfigError) as caught:
        draft.config()
    text = "\n".join(caught.value.problems)
    for part in ("uri", "requests_per_day", "timeseries_collection", "number 2"):
        assert part in text
    assert "hunter2" not in text
    assert draft.problem_count("mongodb") == 2


def test_what_will_be_made_of_a_value_is_said() -> None:
    draft = Draft.of(EXAMPLE)
    assert draft.note("enedis", "requests_per_day") == ""
    draft.tables["enedis"]["requests_per_day"] = "95"
    assert "90 applies" in draft.note("enedis", "requests_per_day")
    assert draft.problem("enedis", "requests_per_day") == ""


def test_changes_are_told_by_section() -> None:
    saved = Draft.of(EXAMPLE)
    draft = saved.copy()
    assert draft.changed(saved) == ()
    draft.keys["sync"] = "z"
    draft.tables["display"]["theme"] = "nord"
    assert draft.changed(saved) == ("display", "keys")


def test_a_meter_without_prm_and_token_is_none() -> None:
    empty = {"prm": "", "token": "", "name": "Barn", "flow": "consumption"}
    assert "prm" in meter_problems(empty)
    assert meter_problems({**empty, "prm": PRM}) == {}
    assert "14 digits" in meter_problems({**empty, "prm": "123"})["prm"]


def test_a_token_is_described_without_being_repeated() -> None:
    both = report_token(f"Bearer {token_for(PRM, OTHER)}")
    assert both.prms == (PRM, OTHER)
    assert both.line == "✓ Covers 2 meters, valid until Mon 22 Nov 2027."
    assert report_token(token_for(PRM, days=10)).level == "warn"
    assert report_token(token_for(PRM, days=-1)).level == "bad"
    assert report_token(token_for(PRM), OTHER).level == "bad"
    assert "secret" not in report_token("secret").line
    assert report_token("secret").level == "bad"
    assert report_token("").level == "muted"
