"""A configuration that is wrong near its secrets, and the objects made of a good one."""

from __future__ import annotations

import os
import pickle
import time
import traceback
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.parse import quote

import pytest

from linky_tui.config import Config, Meter, MongoSettings, load
from linky_tui.config.example import example_text
from linky_tui.config.leftovers import open_temporary, remove_leftovers
from linky_tui.config.model import SECTIONS
from linky_tui.config.read import read_values
from linky_tui.domain.models import Series
from linky_tui.enedis.client import ConsoClient
from linky_tui.errors import ConfigError
from linky_tui.ingest.jobs import Job, JobKind
from linky_tui.session import Session, ready_meters
from linky_tui.ui.forms.draft import Draft
from tests.tools.config import write
from tests.tools.homes import Home
from tests.tools.marks import PASSWORD, Marks, marked_token
from tests.tools.program import calling, killed, line_of, start
from tests.torture.report import Tally
from tests.torture.secrets.runs import Run, run_all
from tests.torture.secrets.saving import save_forever

PRM = "50000000000005"
TOKEN = marked_token(PRM)
SIGNATURE = TOKEN.rpartition(".")[2]
SAFE = quote(PASSWORD, safe="")
URI = f"mongodb://marked-user:{SAFE}@127.0.0.1:9/"
MARKS = Marks(TOKEN, PASSWORD)
FAULT = "secrets, a configuration that is wrong"
QUOTED = PASSWORD.replace("\\", "")

METER = f'[[meters]]\nprm = "{PRM}"\n'


def wrong_files() -> Iterator[tuple[str, str]]:
    """Names and texts of files that cannot be used."""
    token, line = f'"{TOKEN}"', f'token = "{TOKEN}"'
    yield "an open quote", f'{METER}token = "{TOKEN}\n'
    yield "no quotes", f"{METER}token = {TOKEN}\n"
    yield "one more quote", f'{METER}token = "{TOKEN}""\n'
    yield "no equals sign", f'{METER}token "{TOKEN}"\n'
    yield "two values on a line", f"{METER}{line} {line}\n"
    yield "a bad escape", f'{METER}token = "{TOKEN}\\q"\n'
    yield "a control character", f'{METER}token = "{TOKEN}\x01"\n'
    yield "twice", f"{METER}{line}\n{line}\n"
    yield "a number", f"{METER}token = 12{SIGNATURE}\n"
    yield "a list", f"{METER}token = [{token}]\n"
    yield "a table", f"{METER}token = {{ {SIGNATURE} = 1 }}\n"
    yield "a table twice", f"{METER}token = {{ {SIGNATURE} = 1, {SIGNATURE} = 2 }}\n"
    yield "a section of its own", f"[{TOKEN}]\n"
    yield "a section twice", f"[meters.{TOKEN}]\n[meters.{TOKEN}]\n"
    yield "the name of a key", f'{METER}"{TOKEN}" = 1\n'
    yield "a bare key", f"{METER}{TOKEN} = 1\n"
    yield "a cut token", f'{METER}token = "{TOKEN[:60]}"\n'
    yield "a token with a space", f'{METER}token = "{TOKEN[:60]} {TOKEN[60:]}"\n'
    yield "a token with quotes in it", f"{METER}token = '\"{TOKEN}\"'\n"
    yield "outside of its section", f"{line}\n"
    yield "the wrong section", f"[enedis]\n{line}\n"
    yield "an unknown key", f"{METER}tokn = {token}\n"
    yield "the PRM", f"[[meters]]\nprm = {token}\n"
    yield "the flow", f"{METER}flow = {token}\n"
    yield "the name", f"{METER}name = {token}\n"
    yield "the database", f"[mongodb]\ndatabase = {token}\n"
    yield "the collection", f"[mongodb]\ncollection = {token}\n"
    yield "the time series collection", f"[mongodb]\ntimeseries_collection = {token}\n"
    yield "the theme", f"[display]\ntheme = {token}\n"
    yield "the marker", f"[display]\nmarker = {token}\n"
    yield "a key of the keyboard", f"[keys]\nsync = {token}\n"
    yield "an action", f"[keys]\n{TOKEN} = 1\n"
    yield "the gateway", f'[enedis]\napi_url = "https://conso.boris.sh/{TOKEN}"\n'
    yield "the gateway's user", f'[enedis]\napi_url = "https://{TOKEN}@conso.boris.sh/api"\n'
    yield "the gateway's query", f'[enedis]\napi_url = "https://conso.boris.sh/api?{TOKEN}"\n'
    yield "the requests", f"[enedis]\nrequests_per_day = {token}\n"
    yield "an address as the database", f'[mongodb]\ndatabase = "{URI}"\n'
    yield "an address as the collection", f'[mongodb]\ncollection = "{URI}"\n'
    yield "an address as the program", f'[mongodb]\nmongod = "{URI}"\n'
    yield "an address as the theme", f'[display]\ntheme = "{URI}"\n'
    yield "an address as the name", f'{METER}name = "{URI}"\n'
    yield "an address with a space", f'[mongodb]\nuri = "mongodb://u:{PASSWORD}@h"\n'
    yield "an address of another kind", f'[mongodb]\nuri = "mysql://u:{SAFE}@h/"\n'
    yield "an open address", f'[mongodb]\nuri = "{URI}\n'
    yield "a list of addresses", f'[mongodb]\nuri = ["{URI}"]\n'
    yield "an address twice", f'[mongodb]\nuri = "{URI}"\nuri = "{URI}"\n'
    yield "an address outside", f'uri = "{URI}"\n'
    yield "a password of its own", f"[mongodb]\npassword = '{QUOTED}'\n"
    yield "verify", f"[enedis]\nverify = false\n{METER}{line}\n"
    yield "a PRM twice", f"{METER}{line}\n{METER}{line}\n"
    yield "not UTF-8", f"{METER}{line}\n\udcff"
    yield "a byte 0", f"{METER}{line}\n\0"


@pytest.mark.parametrize(("name", "text"), [*wrong_files()])
@pytest.mark.fault(FAULT)
def test_no_problem_quotes_a_secret(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    file.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    error = caught.value
    told = [str(error), *error.problems, *error.args, repr(error), str(error.to_json())]
    told += [pickle.dumps(error).decode("latin-1"), *traceback.format_exception(error)]
    MARKS.absent(name, "\n".join(map(str, told)))


def test_no_command_quotes_a_wrong_configuration(short_tmp_path: Path, tally: Tally) -> None:
    row = tally(FAULT)
    with Home(short_tmp_path) as home:
        runs = []
        for number, (name, text) in enumerate(wrong_files()):
            file = short_tmp_path / f"{number}.toml"
            file.write_bytes(text.encode("utf-8", errors="surrogateescape"))
            command = (("--check", "--json"), ("--sync", "--verbose"), ())[number % 3]
            runs.append(Run(name, (*command, "--config", str(file))))
        typed = {"token": TOKEN, "mongodb": URI, "signature": f"{TOKEN} {URI}"}
        runs += [Run(f"typed {name}", (f"--{name}={value}",)) for name, value in typed.items()]
        runs.append(Run("typed as a day", ("--backfill", "--since", TOKEN)))
        variables = {
            "LINKY_TUI_TOKEN": f"{TOKEN} {TOKEN}",
            "LINKY_TUI_PRM": TOKEN,
            "LINKY_TUI_MONGODB_URI": f"http{URI}",
        }
        runs.append(Run("environment", ("--check", "--verbose"), variables))
        runs.append(Run("a file", ("--check",), {"LINKY_TUI_CONFIG": f"/nowhere/{TOKEN}"}))
        for name, done in run_all(home, runs).items():
            with row.one_try():
                assert done.code == 2, (name, done)
                MARKS.absent(name, done.out + done.err)
        assert MARKS.absent_in_files(home.folder) == 0


def good(folder: Path) -> Config:
    text = f'[mongodb]\nuri = "{URI}"\n{METER}token = "{TOKEN}"\n'
    return load(write(folder / "config.toml", text), {})


def test_no_object_shows_a_secret_when_it_is_printed(tmp_path: Path) -> None:
    config = good(tmp_path)
    assert MARKS.found(config.meters[0].token)
    assert MARKS.found(config.mongodb.uri)
    client = ConsoClient("https://conso.boris.sh/api")
    shown = [
        config,
        config.mongodb,
        config.meters,
        config.enedis,
        Session(config, False),
        ready_meters(config),
        Job(JobKind.SYNC, Series(PRM), TOKEN),
        Draft.of(config),
        client,
        vars(client),
        client.host,
    ]
    for each in shown:
        MARKS.absent(type(each).__name__, f"{each} {each!r} {each:}" if each is not None else "")


def test_what_no_object_may_show_is_known_here() -> None:
    """A new secret key has to be hidden in the objects, too."""
    secret = {key.name for section in SECTIONS.values() for key in section.keys if key.secret}
    assert secret == {"uri", "token"}
    for kind, name in ((MongoSettings, "uri"), (Meter, "token")):
        assert [each.repr for each in fields(kind) if each.name == name] == [False]


def test_a_save_that_is_killed_leaves_no_token_behind(tmp_path: Path, tally: Tally) -> None:
    row = tally("secrets, killed while saving the configuration")
    good(tmp_path)
    file = tmp_path / "config.toml"
    for number in range(6):
        with row.one_try():
            child = start(calling(save_forever, file))
            assert line_of(child) == "saving"
            time.sleep(0.01 + number * 0.007)
            assert killed(child)
            config = load(file, {})
            assert config.meters[0].token == TOKEN
            assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["config.toml"]


def test_a_leftover_is_removed_and_a_save_under_way_is_not(tmp_path: Path) -> None:
    good(tmp_path)
    file = tmp_path / "config.toml"
    descriptor, name = open_temporary(file)
    os.write(descriptor, TOKEN.encode())
    remove_leftovers(file)
    assert Path(name).exists(), "its writer lives"
    os.close(descriptor)
    assert MARKS.found(Path(name).read_bytes())
    others = [tmp_path / ".config.toml.swp", tmp_path / ".config.toml.mine.tmp"]
    for other in others:
        other.write_text("somebody else's")
    load(file, {})
    assert not Path(name).exists()
    assert all(other.exists() for other in others)


def test_the_example_holds_no_secret_and_no_switch_for_tls() -> None:
    values = read_values({"enedis": {"verify": False, "insecure": True}}, "file")
    assert len(values.problems) == 2
    names = [line.partition("=")[0] for line in example_text().lower().splitlines() if "=" in line]
    assert not [name for name in names if any(w in name for w in ("verify", "insecure", "cert"))]
