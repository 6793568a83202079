"""MongoDB failing in every way, with an address that holds a marked password."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, quote_plus

from linky_tui.storage import connection
from tests.tools.altered import Alteration, values_in
from tests.tools.marks import PASSWORD
from tests.tools.ports import free_port
from tests.tools.servers import talkative_mongod
from tests.torture.conftest import Scale
from tests.torture.report import Tally
from tests.torture.secrets.runs import Run, run_all
from tests.torture.secrets.stage import POOR_USER, Stage, configured

FAULT = "secrets, MongoDB fails"
FAST = Alteration(values=values_in(connection, _SELECTION_MS=1500, _PRIMARY_TIMEOUT_S=1.5))
COMMANDS = (
    ("--check", "--verbose"),
    ("--sync", "--verbose"),
    ("--backfill", "--json"),
    ("--stats", "--json"),
    ("--verify", "--repair", "--verbose"),
    ("--verify", "--json"),
    ("--check", "--json"),
)
SAFE = quote(PASSWORD, safe="")
NEVER = "elsewhere.invalid"


def said_by_servers(address: str) -> dict[str, tuple[int, str]]:
    """What a server may say that knows the address."""
    return {
        "wrong password, quoted": (18, f"Authentication failed for marked-user:{PASSWORD}"),
        "the address, quoted": (8000, f"bad auth: {address}"),
        "percent-encoded": (13, f"not authorized: pwd {SAFE}, {quote_plus(PASSWORD)}"),
        "json": (2, f"BadValue in {json.dumps({'p': PASSWORD})}"),
        "repr": (1, f"internal error {PASSWORD!r}"),
        "passing": (11600, f"interrupted, {PASSWORD}"),
        "full": (14031, f"no space left on device for {PASSWORD}"),
    }


def addresses(stage: Stage) -> Iterator[tuple[str, str]]:
    """Names and addresses that do not work; each holds the password."""
    user = f"marked-user:{SAFE}"
    tls = "tlsCertificateKeyFilePassword"
    yield "wrong password", stage.uri(f"{PASSWORD}-not")
    yield "not authorised", stage.uri(user=POOR_USER)
    yield "refused", f"mongodb://{user}@127.0.0.1:{free_port()}/"
    yield "unknown host", f"mongodb://{user}@{NEVER}:27017/"
    yield "unknown cluster", f"mongodb+srv://{user}@{NEVER}/"
    yield "TLS mismatch", stage.uri(options="?tls=true")
    yield "not percent-encoded", f"mongodb://marked-user:{PASSWORD.replace(' ', '')}@127.0.0.1/"
    yield "two at signs", f"mongodb://marked-user:Mk7p@ss{SAFE}@127.0.0.1/"
    yield "a slash", f"mongodb://marked-user:/{SAFE}@127.0.0.1/"
    yield "a colon", f"mongodb://marked-user::{SAFE}@127.0.0.1/"
    yield "a bracket", f"mongodb://marked-user:[{SAFE}@127.0.0.1/"
    yield "a broken escape", f"mongodb://marked-user:%zz{SAFE}%@127.0.0.1/"
    yield "no host", f"mongodb://{user}@"
    yield "no user", f"mongodb://:{SAFE}@127.0.0.1/"
    yield "no port", f"mongodb://{user}@127.0.0.1:{SAFE}/"
    yield "password as the port", f"mongodb://127.0.0.1:{SAFE}/"
    yield "srv with a port", f"mongodb+srv://{user}@{NEVER}:1/"
    yield "an unknown option", f"mongodb://{user}@127.0.0.1/?pasword={SAFE}"
    yield "password as an option's value", f"mongodb://127.0.0.1/?maxPoolSize={SAFE}"
    yield "password as an option", f"mongodb://127.0.0.1/?{SAFE}=1"
    yield "options without a value", f"mongodb://{user}@127.0.0.1/?{SAFE}"
    yield (
        "mechanism properties",
        (
            f"mongodb://{user}@127.0.0.1/?authMechanism=MONGODB-AWS&authMechanismProperties="
            f"AWS_SESSION_TOKEN:{SAFE};x"
        ),
    )
    yield "unknown property", f"mongodb://127.0.0.1/?authMechanismProperties=SECRET:{SAFE}"
    yield "unknown mechanism", f"mongodb://{user}@127.0.0.1/?authMechanism={SAFE}"
    yield "key file", f"mongodb://{user}@127.0.0.1/?tls=true&{tls}={SAFE}&tlsCAFile=/nowhere"
    yield "compressor", f"mongodb://{user}@127.0.0.1:{free_port()}/?compressors={SAFE}"
    yield "no MongoDB at all", f"postgres://{user}@127.0.0.1/"
    yield "a space", f"mongodb://marked-user:{PASSWORD}@127.0.0.1/"


def test_no_failure_of_mongodb_tells_a_secret(
    stage: Stage, short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    row = tally(FAULT)
    home = configured(stage, short_tmp_path, "mongodb", uri="")
    known = dict(addresses(stage))
    with home, ExitStack() as stack:
        for name, (code, said) in said_by_servers(stage.uri()).items():
            host = stack.enter_context(talkative_mongod(code, said))
            known[f"server says {name}"] = f"mongodb://marked-user:{SAFE}@{host}/"
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        known["silent"] = f"mongodb://marked-user:{SAFE}@127.0.0.1:{silent.getsockname()[1]}/"
        runs = [
            Run(f"{name}, {' '.join(command)}", command, {"LINKY_TUI_MONGODB_URI": address}, FAST)
            for number, (name, address) in enumerate(known.items())
            for which in range(scale.times(1, len(COMMANDS)))
            for command in [COMMANDS[(number + which) % len(COMMANDS)]]
        ]
        for name, done in run_all(home, runs).items():
            with row.one_try():
                assert done.code in (1, 2, 3), (name, done)
                stage.marks.absent(name, done.out + done.err)
                # A user name with the colon behind it would be half of the way.
                assert "marked-user:M" not in done.out + done.err, name
                if name.startswith("server says"):
                    said = (done.out + done.err).replace("\\u2026", "…")
                    assert "…" in said, f"{name}: what it said is not shown at all"
        assert stage.marks.absent_in_files(home.folder) >= 1
    stage.marks.absent("MongoDB", stage.everything_stored())
