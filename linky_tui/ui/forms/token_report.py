"""What a token says about itself, in the words of the forms. Nothing is sent for that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from linky_tui.domain.paris import day_of, utc_now
from linky_tui.enedis.token import read_token
from linky_tui.errors import ConfigError
from linky_tui.text.formatting import day_text, things

WHERE = "https://conso.boris.sh"
"""Where tokens come from."""


@dataclass(frozen=True, slots=True)
class TokenReport:
    """What the form says of a token."""

    text: str  # one or two sentences
    level: str  # `good`, `warn`, `bad`, or `muted` where there is no token
    prms: tuple[str, ...] = ()  # the meters that it covers
    expires: datetime | None = None  # its end (aware, UTC), where it names one

    @property
    def line(self) -> str:
        """The text after a sign that says its level without colour."""
        sign = {"good": "✓ ", "warn": "! ", "bad": "✗ "}.get(self.level, "")
        return f"{sign}{self.text}"


REFUSED = TokenReport(f"The gateway refused this token: get a new one at {WHERE}.", "bad")


def report_token(token: str, prm: str = "") -> TokenReport:
    """Judge a token as typed, for a meter where one is named. Never repeats the token."""
    token = token.strip()
    if token[:7].lower() == "bearer ":
        token = token[7:].strip()
    if not token:
        return TokenReport(f"No token yet: it comes from {WHERE}.", "muted")
    try:
        info = read_token(token)
    except ConfigError:
        return TokenReport(
            "This is no token: it has three parts of letters and digits with a dot between "
            "them. Copy all of it.",
            "bad",
        )
    now = utc_now()
    named = prm if len(prm) == 14 else (info.prms[0] if info.prms else "")
    problems = info.problems(named, now)
    if problems:
        return TokenReport(" ".join(problems), "bad", info.prms, info.expires)
    covers = things(len(info.prms), "meter")
    if warnings := info.warnings(now):
        text = " ".join((f"Covers {covers}.", *warnings))
        return TokenReport(text, "warn", info.prms, info.expires)
    until = f", valid until {day_text(day_of(info.expires))}" if info.expires else ""
    return TokenReport(f"Covers {covers}{until}.", "good", info.prms, info.expires)
