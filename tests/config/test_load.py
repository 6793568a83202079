"""Loading the configuration: the schema, four sources, their precedence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from linky_tui.config import Config, Meter, load
from linky_tui.config.checks import Refused
from linky_tui.config.example import example_text
from linky_tui.config.model import SECTIONS
from linky_tui.domain.models import Flow, Series
from linky_tui.errors import ConfigError
from linky_tui.system import paths
from tests.config.files import OTHER, PRM, ROOT, SECOND, TOKEN, meter, write

# The schema, the example file and the settings objects say the same.


def test_the_example_file_is_what_the_schema_prints() -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    assert example == example_text(), "python -m linky_tui.config.example > config.example.toml"


def test_the_example_file_holds_every_key_with_a_comment_and_loads_as_the_defaults() -> None:
    lines = (ROOT / "config.example.toml").read_text(encoding="utf-8").splitlines()
    for section in SECTIONS.values():
        start = lines.index(section.title)
        for key in section.keys:
            place = next(i for i in range(start, len(lines)) if lines[i].startswith(key.name + " "))
            assert lines[place - 1].startswith("# "), key.name
    assert load(ROOT / "config.example.toml", {}) == Config()


def test_each_default_is_allowed_and_each_key_explained() -> None:
    for key in (key for section in SECTIONS.values() for key in section.keys):
        assert key.check(key.default) == key.default
        assert key.help
        assert key.allowed


def test_a_form_field_is_checked_as_text() -> None:
    enedis = SECTIONS["enedis"]
    assert enedis.key("requests_per_day").from_text(" 12 ") == 12
    assert enedis.key("seconds_between_requests").from_text("2") == 2.0
    assert SECTIONS["meters"].key("prm").from_text(f" {PRM} ") == PRM
    for name, typed in [("requests_per_day", "1.5"), ("seconds_between_requests", "1,5")]:
        with pytest.raises(Refused, match="is not a"):
            enedis.key(name).from_text(typed)
    with pytest.raises(Refused, match="too small"):
        enedis.key("requests_per_day").from_text("0")


# Sources and their precedence.


def test_without_a_file_the_defaults_apply_and_nothing_is_created() -> None:
    config = load(None, {})
    assert config == Config()
    assert config.path == paths.config_file()
    assert not config.exists
    assert not config.path.parent.exists()


def test_a_named_file_has_to_exist(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(ConfigError) as caught:
        load(missing, {})
    assert caught.value.problems == (f"{missing}: there is no such file.",)
    with pytest.raises(ConfigError):
        load(None, {"LINKY_TUI_CONFIG": str(missing)})


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    key = "mongodb.uri"
    from_file, from_env = "mongodb://a.example", "mongodb://b.example"
    write(tmp_path, f'[mongodb]\nuri = "{from_file}"')
    file = {"LINKY_TUI_CONFIG": str(tmp_path / "config.toml")}
    env = {**file, "LINKY_TUI_MONGODB_URI": from_env}
    assert load(None, {}).mongodb.uri == ""
    assert load(None, file).mongodb.uri == from_file
    assert load(None, {**file, "LINKY_TUI_MONGODB_URI": ""}).mongodb.uri == from_file
    assert load(None, env).mongodb.uri == from_env
    assert load(None, env).overridden == {key: "LINKY_TUI_MONGODB_URI"}
    assert load(None, file).overridden == {}
    other = tmp_path / "other.toml"
    other.write_text("")
    assert load(other, file).path == other


def test_the_environment_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKY_TUI_PRM", PRM)
    assert load().meters == (Meter(PRM),)


def test_the_demo_has_its_own_file_and_no_environment(tmp_path: Path) -> None:
    write(tmp_path, meter(PRM, TOKEN))
    environ = {
        "LINKY_TUI_CONFIG": str(tmp_path / "config.toml"),
        "LINKY_TUI_MONGODB_URI": "mongodb://real.example",
        "LINKY_TUI_TOKEN": TOKEN,
    }
    config = load(None, environ, demo=True)
    assert config == Config()
    assert config.path == paths.config_file(demo=True)


@pytest.mark.parametrize(
    ("text", "prm", "token", "expected"),
    [
        ("", "", "", []),
        ("", PRM, "", [(PRM, "")]),
        ("", "", TOKEN, [("", TOKEN)]),
        ("", PRM, TOKEN, [(PRM, TOKEN)]),
        (meter("", ""), PRM, TOKEN, [(PRM, TOKEN)]),
        (meter("", SECOND), "", "", [("", SECOND)]),
        (meter("", SECOND), PRM, "", [(PRM, SECOND)]),
        (meter(PRM, SECOND), "", TOKEN, [(PRM, TOKEN)]),
        (meter(PRM, SECOND) + meter(OTHER), "", TOKEN, [(PRM, TOKEN), (OTHER, TOKEN)]),
        (meter(PRM, SECOND) + meter(OTHER), PRM, "", [(PRM, SECOND)]),
        (meter(OTHER, SECOND), PRM, TOKEN, [(PRM, TOKEN)]),
        (meter(OTHER, SECOND), PRM, "", [(PRM, "")]),
    ],
)
def test_token_and_prm_of_the_environment(
    tmp_path: Path, text: str, prm: str, token: str, expected: list[tuple[str, str]]
) -> None:
    config = load(write(tmp_path, text), {"LINKY_TUI_PRM": prm, "LINKY_TUI_TOKEN": token})
    assert [(m.prm, m.token) for m in config.meters] == expected
    assert config.prm_from_token == (expected == [("", TOKEN)] or expected == [("", SECOND)])


def test_a_prm_selects_both_directions_of_its_meter(tmp_path: Path) -> None:
    file = write(tmp_path, meter(PRM) + meter(OTHER) + meter(PRM, flow="production"))
    config = load(file, {"LINKY_TUI_PRM": PRM})
    assert [m.series for m in config.meters] == [Series(PRM), Series(PRM, Flow.PRODUCTION)]


def test_the_token_completes_a_missing_prm_only_when_it_covers_one() -> None:
    config = load(None, {"LINKY_TUI_TOKEN": TOKEN})
    assert config.with_prms([PRM]).meters == (Meter(PRM, TOKEN),)
    assert not config.with_prms([PRM]).prm_from_token
    with pytest.raises(ConfigError, match="covers 2 meters") as caught:
        config.with_prms([PRM, OTHER])
    assert PRM not in str(caught.value)
    with pytest.raises(ConfigError, match="covers 0 meters"):
        config.with_prms([])
    assert Config(meters=(Meter(OTHER),)).with_prms([PRM]).meters == (Meter(OTHER),)


def test_a_run_needs_a_meter_and_a_token() -> None:
    with pytest.raises(ConfigError, match="No meter"):
        Config().require_meters()
    with pytest.raises(ConfigError) as caught:
        Config(meters=(Meter(PRM, TOKEN), Meter(OTHER))).require_meters()
    assert caught.value.problems == ("The meter 98········9876 (consumption) has no token.",)
    meters = (Meter(PRM, TOKEN),)
    assert Config(meters=meters).require_meters() == meters


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys; from linky_tui.config import load; load(None, {}); "
        "print([m for m in ('tomlkit', 'requests', 'pymongo', 'bson', 'textual', 'jwt') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
