"""The entry for cron, systemd and launchd: runs as printed, never before Enedis has published."""

from __future__ import annotations

import configparser
import plistlib
import re
import shlex
import subprocess
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from linky_tui.cli import main
from linky_tui.domain.paris import PARIS
from linky_tui.words.schedule import command_line, entry_text, local_time

ODD = Path("a folder") / "50 % of $me" / 'it\'s "mine".toml'
COMMAND = ["/opt/my venv/bin/linky-tui", "--config", str(ODD), "--sync"]
ENVIRONMENT = {"XDG_DATA_HOME": "/srv/a & b 100%"}


def test_crons_line_runs_this_installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it's.toml").write_text("[mongodb]\nurl = 1\n")
    assert main(["--schedule", "cron", "--config", "it's.toml"]) == 0
    comment, line = capsys.readouterr().out.splitlines()
    assert comment.startswith("# ")
    found = re.fullmatch(r"(\d+) (\d+) \* \* \* (.*)", line)
    assert found
    assert 5 <= int(found[1]) <= 55
    # As cron hands it on: to sh, in the home folder, with hardly a variable.
    done = subprocess.run(
        ["/bin/sh", "-c", found[3].replace("\\%", "%")],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 2
    assert "did you mean uri?" in done.stderr


def test_cron_gets_odd_names_as_they_are() -> None:
    line = entry_text("cron", COMMAND, ENVIRONMENT, 32, PARIS).splitlines()[1]
    assert line.startswith("37 8 * * * ")
    assert not re.search(r"(?<!\\)%", line)
    show = shlex.quote('printf "%s\\n" "$XDG_DATA_HOME" "$@"')
    words = line.removeprefix("37 8 * * * ").replace("\\%", "%")
    place = words.index(shlex.join(COMMAND))
    told = subprocess.run(
        ["/bin/sh", "-c", f"{words[:place]}sh -c {show} x {words[place:]}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert told == [*ENVIRONMENT.values(), *COMMAND]


def test_systemd_units_are_whole() -> None:
    text = entry_text("systemd", COMMAND, ENVIRONMENT, 0)
    service, timer = text.split("# ~/.config/systemd/user/linky-tui.timer")
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(service)
    assert unit["Service"]["Environment"] == '"XDG_DATA_HOME=/srv/a & b 100%%"'
    assert unit["Service"]["ExecStart"].startswith(
        '"/opt/my venv/bin/linky-tui" --config "a folder'
    )
    assert "50 %% of $$me" in unit["Service"]["ExecStart"]
    assert unit["Service"]["SuccessExitStatus"] == "3"
    unit.read_string(timer)
    assert unit["Timer"]["OnCalendar"] == "*-*-* 08:05:00 Europe/Paris"


def test_launchds_list_can_be_read() -> None:
    text = entry_text("launchd", COMMAND, ENVIRONMENT, 49, PARIS)
    found = plistlib.loads(text.encode())
    assert found["ProgramArguments"] == COMMAND
    assert found["EnvironmentVariables"] == ENVIRONMENT
    assert found["StartCalendarInterval"] == {"Hour": 8, "Minute": 54}
    assert "EnvironmentVariables" not in plistlib.loads(
        entry_text("launchd", COMMAND, {}, 0, PARIS).encode()
    )


@pytest.mark.parametrize(
    ("zone", "at"),
    [("Europe/Paris", "08:20"), ("UTC", "08:20"), ("America/Cayenne", "08:20"),
     ("Indian/Reunion", "11:20"), ("Pacific/Noumea", "18:20")],
)  # fmt: skip
def test_it_never_runs_before_enedis_has_published(zone: str, at: str) -> None:
    assert local_time(time(8, 20), ZoneInfo(zone)) == time.fromisoformat(at)


def test_minutes_differ_and_stay_polite() -> None:
    command = command_line(None)
    assert command[-1] == "--sync"
    assert Path(command[0]).is_absolute()
    lines = [entry_text("cron", command, {}, number, PARIS).splitlines()[1] for number in (0, 49)]
    assert [line.split()[0] for line in lines] == ["5", "54"]
