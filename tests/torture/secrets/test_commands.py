"""Every command, in every loudness, in good times and on every kind of failure of the gateway."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from linky_tui.session import Session
from tests.tools.altered import PLAIN, Alteration, values_in
from tests.tools.config import meter
from tests.tools.homes import Home
from tests.tools.marks import Marks, marked_token
from tests.tools.ports import free_port
from tests.tools.program import Done
from tests.tools.servers import TinyServer
from tests.torture.conftest import Scale
from tests.torture.report import Tally
from tests.torture.secrets.echo import BREAKS, ECHOES
from tests.torture.secrets.runs import Run, run_all
from tests.torture.secrets.stage import PRM, Stage, config_file, configured

LOUD = ("--verbose", "--json")
WORKING = (("--backfill",), ("--sync",), ("--verify", "--repair"))
LOOKING = (("--check",), ("--stats",), ("--verify",))
FAST = Alteration(
    values=values_in(
        Session, timing={"timeouts_s": (1.0, 1.0), "deadline_s": 1.5, "backoff_s": 0.0}
    )
)
FAULT = "secrets, every command"
ECHO_FAULT = "secrets, a gateway that sends the token back"


def looked_through(stage: Stage, home: Home, done: Done, place: str) -> None:
    stage.marks.absent(f"stdout of {place}", done.out)
    stage.marks.absent(f"stderr of {place}", done.err)


def test_no_command_tells_a_secret(stage: Stage, short_tmp_path: Path, tally: Tally) -> None:
    row = tally(FAULT)
    home = configured(stage, short_tmp_path, "commands")

    def run_loudly(commands: tuple[tuple[str, ...], ...]) -> list[tuple[str, Done]]:
        return [
            (" ".join((*command, loud)), home.run(*command, loud))
            for command in commands
            for loud in LOUD
        ]

    with home, ThreadPoolExecutor(2) as pool:
        done = [each for part in pool.map(run_loudly, (WORKING, LOOKING)) for each in part]
        for place, each in done:
            with row.one_try():
                # A look during the first write may be too early, a sync before the morning's data.
                assert each.code in (0, 1, 3), (place, each)
                assert each.out or each.err, place
                looked_through(stage, home, each, place)
        assert stage.marks.absent_in_files(home.folder) > 3
    stored = stage.everything_stored()
    assert "commands.consumption_leases" in stored
    assert PRM in stored
    stage.marks.absent("MongoDB", stored)


def test_the_demo_takes_no_secret_of_the_environment(
    stage: Stage, short_tmp_path: Path, scale: Scale
) -> None:
    variables = {"LINKY_TUI_TOKEN": stage.token, "LINKY_TUI_MONGODB_URI": stage.uri()}
    with Home(short_tmp_path) as home:
        commands = ["--sync", "--check", "--stats", "--verify"]
        for number, command in enumerate(commands[: scale.times(1, 4)]):
            done = home.run("--demo", command, ("--verbose", "--json")[number % 2], **variables)
            assert done.code in (0, 3), done
            looked_through(stage, home, done, f"the demo, {command}")
        assert stage.marks.absent_in_files(home.folder, but=()) > 3


def test_children_get_no_secret(stage: Stage, short_tmp_path: Path) -> None:
    secrets = {
        "LINKY_TUI_TOKEN": stage.token,
        "LINKY_TUI_PRM": PRM,
        "HTTPS_PROXY": f"http://u:{stage.marks.passwords[1]}@127.0.0.1:9",
        "SOMEBODY_S_MONGODB": stage.uri(),
    }
    home = configured(stage, short_tmp_path, "children", uri="", meters=[])
    with home:
        process = home.start("--backfill", "--verbose", alteration=PLAIN, **secrets)
        try:
            # Empty for a moment after the process has begun.
            while not (ours := Path(f"/proc/{process.pid}/cmdline").read_bytes()):
                assert process.poll() is None
            while not (servers := home.servers()) and process.poll() is None:
                pass
            assert servers
            for pid in servers:
                place = Path(f"/proc/{pid}")
                stage.marks.absent("mongod's command line", (place / "cmdline").read_bytes())
                stage.marks.absent("mongod's environment", (place / "environ").read_bytes())
            ours = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            assert b"--backfill" in ours
            stage.marks.absent("our command line", ours)
        finally:
            out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        stage.marks.absent("stdout and stderr", out + err)
        log = home.data_dir / "mongodb" / "mongod.log"
        assert "linky-tui" in log.read_text(encoding="utf-8"), "the driver told its name there"
        assert stage.marks.absent_in_files(home.folder) > 10


def test_no_gateway_makes_us_tell_its_token(
    stage: Stage, short_tmp_path: Path, scale: Scale, tally: Tally
) -> None:
    row = tally(ECHO_FAULT)
    home = configured(stage, short_tmp_path, "echoes")
    commands = [("--sync", "--verbose"), ("--backfill", "--json")]
    commands += [("--sync", "--json"), ("--backfill", "--verbose")]
    answers = {**ECHOES, **BREAKS}
    prms = [f"{number:014d}" for number in range(len(answers) + 1)]
    token = marked_token(*prms)
    marks = Marks(token, *stage.marks.passwords)
    with home, ExitStack() as stack:
        servers = {name: stack.enter_context(TinyServer(answers[name])) for name in answers}
        urls = {name: server.url for name, server in servers.items()}
        urls["refused"] = f"http://127.0.0.1:{free_port()}"
        runs = []
        for number, (name, url) in enumerate(urls.items()):
            values = {**stage.settings("echoes"), "api_url": url}
            values["meters"] = [meter(prms[number], token)]
            file = config_file(home, str(number), **values)
            for which in range(scale.times(1, len(commands))):
                command = commands[(number + which) % len(commands)]
                if name.startswith("200") and not scale.long:
                    command = ("--sync", command[1])  # else two years are asked for
                arguments = (*command, "--config", str(file))
                runs.append(Run(f"{name}, {' '.join(command)}", arguments, alteration=FAST))
        for name, done in run_all(home, runs).items():
            with row.one_try():
                assert done.code in (0, 1, 2, 3), (name, done)
                assert done.err or done.out, name
                marks.absent(name, done.out + done.err)
        for name, server in servers.items():
            assert server.seen, f"nothing was asked of {name}"
            for path, headers in server.seen:
                # The one place where the token belongs, and no other: not the User-Agent.
                assert headers.pop("Authorization") == f"Bearer {token}"
                assert headers["User-Agent"].startswith("linky-tui/")
                marks.absent("a request", f"{path} {headers}")
        assert marks.absent_in_files(home.folder) > 3
    marks.absent("MongoDB", stage.everything_stored())
