"""What each key of the configuration may be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from linky_tui.config import Meter, MongoSettings, load
from linky_tui.config.checks import is_loopback
from tests.config.files import PRM, TOKEN, meter, problems, write


@pytest.mark.parametrize(
    ("section", "line", "refused"),
    [
        ("mongodb", 'uri = "mongodb://"', "not a MongoDB address"),
        ("mongodb", 'uri = "localhost:27017"', "not a MongoDB address"),
        ("mongodb", 'uri = "mongodb://a b"', "space"),
        ("mongodb", "uri = 1", "not a text"),
        ("mongodb", 'uri = "mongodb://me:<db_password>@h"', "still holds <db_password>: put"),
        ("mongodb", 'uri = "mongodb+srv://%3CUsername%3E:x@h"', "still holds <username>: put"),
        ("mongodb", 'uri = "“mongodb://h”"', "quotes of its own"),
        ("mongodb", 'mongod = "C:\\bin\\new"', "lost its backslashes"),
        ("enedis", "api_url = \"'https://host/api'\"", "quotes of its own"),
        ("mongodb", 'database = ""', "is empty"),
        ("mongodb", 'database = "a b"', "a space"),
        ("mongodb", 'database = "a/b"', "the character /"),
        ("mongodb", 'database = "a$b"', "the character $"),
        ("mongodb", 'database = "Admin"', "MongoDB itself"),
        ("mongodb", f'database = "{"é" * 32}"', "63 bytes"),
        ("mongodb", 'database = "a\\u0000b"', "control character"),
        ("mongodb", 'collection = "$x"', "the character $"),
        ("mongodb", 'collection = "system.x"', "system."),
        ("mongodb", 'collection = "x..y"', "dot"),
        ("mongodb", f'collection = "{"x" * 121}"', "120 bytes"),
        ("mongodb", 'collection = "consumptionTS"', "name of another collection"),
        ("mongodb", 'timeseries_collection = "consumption"', "name of another collection"),
        ("mongodb", 'timeseries_collection = "consumption_leases"', "name of another collection"),
        ("mongodb", "local_port = 80", "keeps for itself"),
        ("mongodb", "local_port = 65_536", "too large"),
        ("mongodb", 'local_port = "27017"', "not a whole number"),
        ("enedis", 'api_url = ""', "is empty"),
        ("enedis", 'api_url = "ftp://host/api"', "not an https address"),
        ("enedis", 'api_url = "https://"', "not an https address"),
        ("enedis", 'api_url = "https://host:99999"', "not an address"),
        ("enedis", 'api_url = "https://[::1"', "not an address"),
        ("enedis", 'api_url = "https://host/api?x=1"', "query"),
        ("enedis", 'api_url = "https://host/api#x"', "fragment"),
        ("enedis", 'api_url = "https://me@host/api"', "user name"),
        ("enedis", 'api_url = "http://conso.boris.sh/api"', "not encrypted"),
        ("enedis", 'api_url = "http://127.0.0.1.evil.example"', "not encrypted"),
        ("enedis", 'api_url = "http://[::2]"', "not encrypted"),
        ("enedis", 'api_url = "http://127.0.0.1\\\\@evil.example"', "not an address"),
        ("enedis", "requests_per_day = 0", "too small"),
        ("enedis", "requests_per_day = 80.0", "not a whole number"),
        ("enedis", "requests_per_day = 1_000_001", "too large"),
        ("enedis", 'requests_per_day = "80"', "not a whole number"),
        ("enedis", "seconds_between_requests = -0.1", "too small"),
        ("enedis", "seconds_between_requests = inf", "too large"),
        ("enedis", "seconds_between_requests = nan", "not a number"),
        ("enedis", "seconds_between_requests = true", "not a number"),
        ("[meters]", "prm = 12345678901234", "not a text"),
        ("[meters]", "prm = 1234567890123", "written in quotes"),
        ("[meters]", 'prm = "1234567890123"', "13 characters (a 0 at its beginning"),
        ("[meters]", 'prm = "« 12345678901234 »"', "quotes of its own"),
        ("[meters]", f'prm = "{PRM}"\ntoken = \'"{TOKEN}"\'', "quotes of its own"),
        ("[meters]", 'prm = "1234567890123٤"', "more than the digits"),
        ("[meters]", f'prm = "{PRM}"\ntoken = "a.b"', "not a token"),
        ("[meters]", f'prm = "{PRM}"\ntoken = "a.b.c d"', "not a token"),
        ("[meters]", f'prm = "{PRM}"\ntoken = "a.b.é"', "not a token"),
        ("[meters]", f'prm = "{PRM}"\nflow = "injection"', "is not known"),
        ("[meters]", f'prm = "{PRM}"\nname = "two\\nlines"', "line break"),
        ("[meters]", 'token = "a.b.c"\n[[meters]]\ntoken = "d.e.f"', "needs its PRM"),
        ("meters", f'prm = "{PRM}"', "two brackets"),
        ("display", 'theme = ""', "is empty"),
        ("keys", 'sync = ""', "is empty"),
        ("keys", "sync = {}", "not a text"),
    ],
)
def test_values_that_are_refused(tmp_path: Path, section: str, line: str, refused: str) -> None:
    found = problems(tmp_path, f"[{section}]\n{line}\n")
    assert any(refused in problem for problem in found), found


@pytest.mark.parametrize(
    ("section", "name", "written", "loaded"),
    [
        ("mongodb", "uri", '" mongodb://h1,h2/?replicaSet=r "', "mongodb://h1,h2/?replicaSet=r"),
        ("mongodb", "uri", '"mongodb+srv://u:p@c.example"', "mongodb+srv://u:p@c.example"),
        ("mongodb", "database", '"électricité"', "électricité"),
        ("mongodb", "collection", '"house.readings"', "house.readings"),
        ("mongodb", "timeseries_collection", '"consumption_ts"', "consumption_ts"),
        ("enedis", "api_url", '"https://host/api/"', "https://host/api"),
        ("enedis", "api_url", '"http://127.0.0.1:8080/api"', "http://127.0.0.1:8080/api"),
        ("enedis", "api_url", '"http://127.9.9.9"', "http://127.9.9.9"),
        ("enedis", "api_url", '"http://[::1]:1/api"', "http://[::1]:1/api"),
        ("enedis", "api_url", '"http://LOCALHOST:1"', "http://LOCALHOST:1"),
        # Over the gateway's limits is valid: the budget clamps it and --check says so.
        ("enedis", "requests_per_day", "10_000", 10_000),
        ("enedis", "seconds_between_requests", "0", 0.0),
        ("display", "theme", '"of the next version"', "of the next version"),
        ("display", "marker", '"half-block"', "half-block"),
    ],
)
def test_values_that_are_taken(
    tmp_path: Path, section: str, name: str, written: str, loaded: object
) -> None:
    config = load(write(tmp_path, f"[{section}]\n{name} = {written}\n"), {})
    assert getattr(getattr(config, section), name) == loaded


def test_a_pasted_bearer_prefix_and_white_space_are_taken_off(tmp_path: Path) -> None:
    config = load(write(tmp_path, meter(f" {PRM} ", f" Bearer  {TOKEN} ")), {})
    assert config.meters == (Meter(PRM, TOKEN),)


@pytest.mark.parametrize("written", ["12 345 678 901 234", "123456 78901234 "])
def test_a_prm_may_be_written_in_groups_as_on_the_bill(tmp_path: Path, written: str) -> None:
    assert load(write(tmp_path, meter(written, TOKEN)), {}).meters == (Meter(PRM, TOKEN),)


@pytest.mark.parametrize(
    "user_part",
    [
        "me:4321/SECRET", "me:4321?SECRET", "me:4321/x@SECRET", "me@home.org:4321/SECRET",
        "me/SECRET", "me:4321?w=1SECRET", "me:4321?SECRET&w=1", "me:x@SECRET", "me:x:SECRET",
        "me:4321/?SECRET",
    ],
)  # fmt: skip
def test_an_unescaped_character_in_a_password_is_told_and_no_piece_of_it(
    tmp_path: Path, user_part: str
) -> None:
    """The driver takes what comes before it for a host and a port, which were shown."""
    (problem,) = problems(tmp_path, f'[mongodb]\nuri = "mongodb://{user_part}@h:27017/?w=1"\n')
    assert "percent-encoded" in problem
    assert "%2F" in problem
    assert "SECRET" not in problem
    assert "4321" not in problem


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://me:p%2Fss@h1:1,h2:2/admin?w=1&appName=a@b",
        "mongodb://h/?appName=a@b",
        "mongodb+srv://me%40home.org:x@c0.abc.mongodb.net/?retryWrites=true;appName=a",
        "mongodb://%2Ftmp%2Fa.sock/",
    ],
)
def test_an_address_with_its_characters_in_their_places_is_taken(tmp_path: Path, uri: str) -> None:
    assert load(write(tmp_path, f'[mongodb]\nuri = "{uri}"\n'), {}).mongodb.uri == uri


@pytest.mark.parametrize(
    "option",
    [
        "tlsInsecure=true", "tlsAllowInvalidCertificates=true", "tlsallowinvalidhostnames=true",
        "TLSINSECURE=True", "tlsInsecure=1", "tlsInsecure=falsely", "ssl_cert_reqs=CERT_NONE",
        "ssl_match_hostname=0", "tlsInsecure=false;tlsInsecure=true",
    ],
)  # fmt: skip
@pytest.mark.parametrize("rest", ["?{}", "?w=1&{}", "?w=1;{};appName=a"])
def test_an_address_that_trusts_every_certificate_is_refused(
    tmp_path: Path, option: str, rest: str
) -> None:
    uri = f"mongodb://me:SECRET@h:1/{rest.format(option)}"
    (problem,) = problems(tmp_path, f'[mongodb]\nuri = "{uri}"\n')
    assert option.partition("=")[0] in problem
    assert "tlsCAFile" in problem
    assert "SECRET" not in problem


@pytest.mark.parametrize(
    "options", ["tlsInsecure=false", "tls=true&tlsAllowInvalidHostnames=false"]
)
def test_an_option_that_changes_nothing_is_taken(tmp_path: Path, options: str) -> None:
    uri = f"mongodb://h/?{options}"
    assert load(write(tmp_path, f'[mongodb]\nuri = "{uri}"\n'), {}).mongodb.uri == uri


def test_a_program_in_the_home_folder_is_found(tmp_path: Path) -> None:
    config = load(write(tmp_path, '[mongodb]\nmongod = "~/bin/mongod"'), {})
    assert config.mongodb.mongod == f"{os.environ['HOME']}/bin/mongod"


def test_derived_collections_are_named_after_the_regular_one() -> None:
    settings = MongoSettings(collection="house")
    assert settings.days_collection == "house_days"
    assert settings.leases_collection == "house_leases"
    assert settings.requests_collection == "house_requests"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("localhost.example", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
