"""The exact entry of cron, systemd or launchd that runs ``--sync`` of this installation."""

from __future__ import annotations

import os
import random
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from xml.sax.saxutils import escape

from linky_tui.domain.paris import PARIS

KINDS = ("cron", "systemd", "launchd")
EARLIEST, MINUTES = time(8, 5), 50
"""From when on, in Paris, and for how long a run may start: Enedis publishes at about 8:00, and the
gateway asks its users not to come all in the same minute."""
_KEPT = (
    *("LINKY_TUI_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"),
    *("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
"""Variables that such a run would miss; secrets belong into the configuration file."""


def entry(kind: str, config: Path | None, *, demo: bool = False) -> str:
    """The entry of this installation for one of :data:`KINDS`, at a minute drawn by lot.

    ``config`` is a configuration file that was named, where one was.
    """
    environment = {name: os.environ[name] for name in _KEPT if os.environ.get(name)}
    minute = random.randrange(MINUTES)
    return entry_text(kind, command_line(config, demo=demo), environment, minute)


def command_line(config: Path | None, *, demo: bool = False) -> list[str]:
    """What starts a sync of this installation from anywhere, with the same configuration."""
    script = Path(sys.executable).with_name("linky-tui")
    start = [str(script)] if script.exists() else [sys.executable, "-m", "linky_tui"]
    named = ["--config", str(config.absolute())] if config else []
    return [*start, *(["--demo"] if demo else []), *named, "--sync"]


def entry_text(
    kind: str,
    command: list[str],
    environment: Mapping[str, str],
    minute: int,
    zone: tzinfo | None = None,
) -> str:
    """The entry for one of :data:`KINDS`.

    Args:
        kind: which scheduler.
        command: the program and its arguments.
        environment: variables that it needs.
        minute: minutes after :data:`EARLIEST`, in Paris.
        zone: the time zone of the scheduler, that of this system where it is not given.
    """
    paris = datetime.combine(datetime(2026, 1, 1), EARLIEST) + timedelta(minutes=minute)
    at = local_time(paris.time(), zone)
    if kind == "cron":
        parts = [f"{name}={shlex.quote(value)}" for name, value in environment.items()]
        line = " ".join([*parts, shlex.join(command)]).replace("%", "\\%")
        return f"# crontab -e\n{at.minute} {at.hour} * * * {line}\n"
    if kind == "systemd":
        return _systemd(command, environment, f"{paris:%H:%M}")
    return _launchd(command, environment, at)


def local_time(paris: time, zone: tzinfo | None = None) -> time:
    """The same time of day on this system; a later one where that comes before Paris' own."""
    instants = [
        datetime.combine(datetime(2026, month, 15), paris, PARIS).astimezone(UTC)
        for month in (1, 7)
    ]
    return max(paris, *(instant.astimezone(zone).time() for instant in instants))


def _systemd(command: list[str], environment: Mapping[str, str], at: str) -> str:
    variables = "".join(
        f"Environment={_unit_text(f'{name}={value}')}\n" for name, value in environment.items()
    )
    start = " ".join(_unit_text(word) for word in command)
    return f"""\
# ~/.config/systemd/user/linky-tui.service
[Unit]
Description=Fetch yesterday's readings of the Linky meter
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
{variables}ExecStart={start}
# 3: not published yet, or another passing reason; tomorrow's run fetches it
SuccessExitStatus=3

# ~/.config/systemd/user/linky-tui.timer
[Unit]
Description=linky-tui every morning

[Timer]
OnCalendar=*-*-* {at}:00 Europe/Paris
Persistent=true

[Install]
WantedBy=timers.target

# Both files written: systemctl --user daemon-reload
#                     systemctl --user enable --now linky-tui.timer
# While you are logged out, too: loginctl enable-linger
"""


def _unit_text(word: str) -> str:
    """A word for a unit file: quoted, without specifiers and variables."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or " " in word else word


def _launchd(command: list[str], environment: Mapping[str, str], at: time) -> str:
    words = "\n".join(f"    <string>{escape(word)}</string>" for word in command)
    pairs = "\n".join(
        f"    <key>{escape(name)}</key>\n    <string>{escape(value)}</string>"
        for name, value in environment.items()
    )
    variables = f"  <key>EnvironmentVariables</key>\n  <dict>\n{pairs}\n  </dict>\n" * bool(pairs)
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!-- ~/Library/LaunchAgents/linky-tui.plist, then:
     launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/linky-tui.plist -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"
  "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>linky-tui</string>
  <key>ProgramArguments</key>
  <array>
{words}
  </array>
{variables}  <key>StartCalendarInterval</key>
  <dict>
    <key>Hour</key>
    <integer>{at.hour}</integer>
    <key>Minute</key>
    <integer>{at.minute}</integer>
  </dict>
</dict>
</plist>
"""
