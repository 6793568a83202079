"""Saving the configuration: comments kept, private, all or nothing."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linky_tui.config import Config, DisplaySettings, EnedisSettings, Meter, MongoSettings, load
from linky_tui.config.example import example_text
from linky_tui.config.keyboard import ACTIONS, clashes
from linky_tui.config.save import save, updated_text
from linky_tui.domain.models import Flow
from linky_tui.errors import ConfigError

PRM = "12345678901234"
OTHER = "98765432109876"
THIRD = "11111111111111"
TOKEN = "aaaa.bbbb.cccc"

COMMENTED = f"""\
# my house
[enedis] # how
requests_per_day = 40   # careful

# the cellar
[[meters]]
# the house itself
prm = '{PRM}' # from the bill
token = "{TOKEN}"

[[meters]]  # the barn
prm = "{OTHER}"
name = "Barn"

[keys]
# easier for me
quit = "ctrl+x"
sync = "w"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "config.toml"


def written(file: Path, text: str) -> Config:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return load(file, {})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_saving_what_was_loaded_changes_no_byte(file: Path) -> None:
    for text in (COMMENTED, COMMENTED.replace("\n", "\r\n"), example_text()):
        config = written(file, "")
        file.write_bytes(text.encode())
        config = load(file, {})
        save(config)
        assert file.read_bytes() == text.encode()


def test_a_change_keeps_comments_order_and_everything_else(file: Path) -> None:
    config = written(file, COMMENTED)
    first, second = config.meters
    save(
        replace(
            config,
            enedis=replace(config.enedis, requests_per_day=60),
            meters=(replace(first, name="House"), replace(second, token="d.e.f")),
            keys={**config.keys, "quit": "ctrl+q"},
        )
    )
    expected = (
        COMMENTED.replace("= 40 ", "= 60 ")
        .replace('quit = "ctrl+x"', 'quit = "ctrl+q"')
        .replace(f'token = "{TOKEN}"\n', f'token = "{TOKEN}"\nname = "House"\n')
        .replace('name = "Barn"\n', 'name = "Barn"\ntoken = "d.e.f"\n')
    )
    assert file.read_text() == expected


def test_a_new_file_starts_as_the_example(file: Path) -> None:
    config = Config(meters=(Meter(PRM, TOKEN, "Maison"),))
    assert save(config, file) == file
    expected = (
        example_text()
        .replace('prm = ""', f'prm = "{PRM}"')
        .replace('token = ""', f'token = "{TOKEN}"')
        .replace('name = ""', 'name = "Maison"')
    )
    assert file.read_text(encoding="utf-8") == expected
    assert load(file, {}) == config
    assert load(file, {}).warnings == ()


def test_the_file_and_a_new_folder_are_private(file: Path) -> None:
    save(Config(), file)
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    file.chmod(0o644)
    file.parent.chmod(0o755)
    save(Config(), file)
    # The folder may be anybody's (--config ./linky.toml): one that exists stays as it is.
    assert (mode(file), mode(file.parent)) == (0o600, 0o755)


def test_meters_that_go_take_only_their_own_lines(file: Path) -> None:
    config = written(file, COMMENTED)
    save(replace(config, meters=config.meters[1:]))
    text = file.read_text()
    assert PRM not in text
    assert "# the barn" in text
    assert "# easier for me" in text
    assert load(file, {}).meters == config.meters[1:]


def test_meters_can_be_added_reordered_replaced_and_all_removed(file: Path) -> None:
    config = written(file, COMMENTED)
    first, second = config.meters
    third = Meter(THIRD, flow=Flow.PRODUCTION)
    for meters in (
        (first, second, third),
        (third, second, first),
        (third,),
        (first, third, second),
        (replace(first, flow=Flow.PRODUCTION), first),
        (Meter("", TOKEN),),
        (),
        (first,),
    ):
        save(replace(config, meters=meters))
        assert load(file, {}).meters == meters
        assert "# easier for me" in file.read_text()


def test_removing_the_last_meter_of_the_example_leaves_the_rest(file: Path) -> None:
    config = Config(meters=(Meter(PRM, TOKEN),))
    save(config, file)
    save(replace(config, meters=()), file)
    assert load(file, {}) == Config()
    assert "# How it looks." in file.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        'mongodb.database = "x"\n',
        'mongodb = {database = "x"}\nkeys = {quit = "q"}\n',
        f'meters = [{{prm = "{OTHER}"}}]\n',
        "meters = []\n",
        f'[[meters]]\nprm = "{OTHER}"\n[mongodb]\n[[meters]]\nprm = "{THIRD}"\n[display]\n',
        '\ufeff[display]\ntheme = "nord"\n',
        '["mongodb"]\n"database" = """x"""\n',
        "[keys]\n",
    ],
)
def test_every_way_to_write_toml_can_be_saved_to(file: Path, text: str) -> None:
    written(file, text)
    config = Config(
        mongodb=MongoSettings(uri="mongodb://h", database="maison-é", mongod="/m\\n"),
        enedis=EnedisSettings(seconds_between_requests=2.5),
        meters=(Meter(PRM, TOKEN, 'The "house"'), Meter(PRM, flow=Flow.PRODUCTION)),
        display=DisplaySettings("solarized-light", "dot"),
        keys={"quit": "ctrl+q", "log.copy": "f2"},
    )
    save(config, file)
    assert load(file, {}) == config


def test_what_the_environment_decided_stays_out_of_the_file(file: Path) -> None:
    written(file, COMMENTED)
    environ = {
        "LINKY_TUI_TOKEN": "secret.of.environment",
        "LINKY_TUI_PRM": OTHER,
        "LINKY_TUI_MONGODB_URI": "mongodb://secret",
    }
    config = load(file, environ)
    save(replace(config, display=DisplaySettings(marker="dot")))
    assert "secret" not in file.read_text()
    assert file.read_text().startswith(COMMENTED)
    assert load(file, {}).display.marker == "dot"
    assert len(load(file, {}).meters) == 2


def test_a_link_stays_a_link_and_its_target_is_written(file: Path, tmp_path: Path) -> None:
    written(file, COMMENTED)
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    save(replace(load(link, {}), display=DisplaySettings(marker="dot")))
    assert link.is_symlink()
    assert load(file, {}).display.marker == "dot"
    assert os.listdir(tmp_path / "folder") == ["config.toml"]


@pytest.mark.parametrize("failing", ["os.fsync", "os.replace"])
def test_a_failure_while_writing_leaves_the_old_file(
    file: Path, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(file, COMMENTED)

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(failing, full)
        with pytest.raises(ConfigError, match="No space left"):
            save(replace(config, keys={}))
    assert file.read_text() == COMMENTED
    assert os.listdir(file.parent) == ["config.toml"]
    save(replace(config, keys={}))
    assert load(file, {}).keys == {}


@pytest.mark.parametrize("text", ["[mongodb\n", "[mongo]\n", "mongodb = 3\n"])
def test_a_file_that_is_not_understood_is_not_overwritten(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        save(Config(), file)
    assert len(caught.value.problems) == 1
    assert file.read_text() == text


def test_a_value_that_would_not_load_is_not_saved(file: Path) -> None:
    config = written(file, COMMENTED)
    for wrong in (
        replace(config, meters=(Meter("123"),)),
        replace(config, meters=(*config.meters, config.meters[0])),
        replace(config, enedis=EnedisSettings(requests_per_day=0)),
        replace(config, mongodb=MongoSettings(timeseries_collection="consumption")),
        replace(config, keys={"quit": ""}),
        # Loads, but as another configuration: the white space would go.
        replace(config, mongodb=MongoSettings(uri=" mongodb://h")),
    ):
        with pytest.raises(ConfigError):
            save(wrong)
    assert file.read_text() == COMMENTED


def test_the_null_device_is_never_replaced() -> None:
    with pytest.raises(ConfigError, match="not saved"):
        save(load(Path(os.devnull), {}))
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


LINES = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=20).map(
    str.strip
)
PRMS = st.text("0123456789", min_size=14, max_size=14)
METERS = st.one_of(
    st.builds(lambda token: (Meter("", token),), st.just(TOKEN)),
    st.lists(
        st.builds(
            Meter, PRMS, st.sampled_from(["", TOKEN, "A-_.9.z"]), LINES, st.sampled_from(Flow)
        ),
        max_size=3,
        unique_by=lambda meter: meter.series,
    ).map(tuple),
)
NAMES = st.text("abcdefghij-_é", min_size=1, max_size=9)
CONFIGS = st.builds(
    Config,
    mongodb=st.builds(
        MongoSettings,
        st.sampled_from(["", "mongodb://u:p%20@h/?x=1", "mongodb+srv://h"]),
        NAMES,
        NAMES,
        NAMES.map(lambda name: f"{name}.TS"),
        LINES.filter(lambda path: not path.startswith("~")),
    ),
    enedis=st.builds(
        EnedisSettings,
        st.sampled_from(["https://conso.boris.sh/api", "http://127.0.0.1:1"]),
        st.integers(1, 1_000_000),
        st.floats(0, 86_400),
    ),
    meters=METERS,
    display=st.builds(
        DisplaySettings, LINES.filter(bool), st.sampled_from(["braille", "half-block", "dot"])
    ),
    keys=st.dictionaries(
        st.sampled_from(sorted(ACTIONS)), st.sampled_from(["w", "f7", "ctrl+t, é", "?"]), max_size=3
    ).filter(lambda keys: not clashes(keys)),
)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(CONFIGS, CONFIGS)
def test_what_is_saved_is_what_is_loaded(tmp_path: Path, config: Config, later: Config) -> None:
    file = tmp_path / "config.toml"
    file.unlink(missing_ok=True)
    save(config, file)
    assert load(file, {}) == config
    save(later, file)
    assert load(file, {}) == later
    assert updated_text(file.read_text(encoding="utf-8"), later, file) == file.read_text(
        encoding="utf-8"
    )
