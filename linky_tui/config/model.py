"""What a configuration holds: settings as plain, frozen objects, each field a key of the file.

Loading, validation, ``config.example.toml`` and the form of the settings screen all come from
:data:`SECTIONS`, so a key is defined once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

from linky_tui.config import checks
from linky_tui.config.keyboard import ACTIONS
from linky_tui.config.toml_keys import Key, Section, key, keys_of
from linky_tui.domain.models import Flow, Series
from linky_tui.errors import ConfigError
from linky_tui.text.formatting import count_text, mask_prm, plain

# Endings of the collections that are named after the regular one.
DAYS, LEASES, REQUESTS = DERIVED = ("_days", "_leases", "_requests")

_COLLECTION_RULE = (
    "a name up to 120 bytes without $, not starting with system., no dots at its ends"
)


@dataclass(frozen=True)
class MongoSettings:
    """``[mongodb]``."""

    uri: str = key(
        "",
        "Address of your own MongoDB or Atlas cluster (mongodb://… or mongodb+srv://…). "
        "Empty: a private server that linky-tui starts and stops by itself.",
        "nothing, or an address that starts with mongodb:// or mongodb+srv://",
        checks.mongodb_uri,
        shown=False,
        secret=True,
        variable="LINKY_TUI_MONGODB_URI",
    )
    database: str = key(
        "electricity",
        "Database that holds the collections.",
        'a name under 64 bytes without space or any of /\\."$*<>:|?, '
        "and not admin, local or config",
        checks.database_name,
    )
    collection: str = key(
        "consumption",
        "Regular collection. Three small ones are named after it: NAME_days, NAME_leases "
        "and NAME_requests.",
        _COLLECTION_RULE,
        checks.collection_name,
    )
    timeseries_collection: str = key(
        "consumptionTS",
        "Time series collection with the same readings, to compare.",
        _COLLECTION_RULE,
        checks.collection_name,
    )
    mongod: str = key(
        "",
        "Path of the mongod program for the private server. Empty: the one that "
        'the "local" extra installs, else the one on PATH.',
        "nothing, or the path of a program",
        checks.program,
    )
    local_port: int = key(
        0,
        "Port on which the private server listens as well, for Compass and other tools that "
        "cannot open its unix socket: for this machine alone (127.0.0.1), and with a password, "
        "whose file linky-tui --check names. 0: none.",
        "0, or a whole number from 1,024 to 65,535",
        checks.port_or_none,
    )

    @property
    def days_collection(self) -> str:
        """The ledger of coverage."""
        return self.collection + DAYS

    @property
    def leases_collection(self) -> str:
        """Who ingests which series."""
        return self.collection + LEASES

    @property
    def requests_collection(self) -> str:
        """Requests a host and UTC day, shared by all machines."""
        return self.collection + REQUESTS


@dataclass(frozen=True)
class EnedisSettings:
    """``[enedis]``, as written: the request budget clamps what the gateway does not stand."""

    api_url: str = key(
        "https://conso.boris.sh/api",
        "Address of the gateway to Enedis (Conso API).",
        "an https address without user name, query or fragment (http only on loopback)",
        checks.api_url,
        shown=False,
    )
    requests_per_day: int = key(
        80,
        "Most requests a day, which starts at 01:00 in winter and 02:00 in summer. The gateway "
        "blocks addresses at 100 for good, so over 90 counts as 90.",
        "a whole number from 1 to 1,000,000",
        checks.whole_number(1, 1_000_000),
    )
    seconds_between_requests: float = key(
        1.0,
        "Pause between two requests. Under 1 counts as 1.",
        "a number from 0 to 86,400",
        checks.number(0, 86_400),
    )


@dataclass(frozen=True)
class Meter:
    """One ``[[meters]]``."""

    prm: str = key(
        "",
        'Number of the usage point ("PRM" or "PDL" on the bill), 14 digits in quotes. Empty: '
        "the only one that the token covers.",
        "exactly 14 digits, in quotes",
        checks.prm,
        shown=False,
        variable="LINKY_TUI_PRM",
    )
    token: str = key(
        "",
        "Your token from https://conso.boris.sh, as it is shown there. It is a secret: keep "
        "this file to yourself.",
        "nothing, or three parts of letters, digits, - and _ joined by dots",
        checks.token,
        shown=False,
        secret=True,
        variable="LINKY_TUI_TOKEN",
    )
    name: str = key("", "What the screens call it.", "a text of one line", checks.open_text)
    flow: Flow = key(
        Flow.CONSUMPTION,
        "consumption, or production where you have solar panels.",
        "consumption or production",
        checks.one_of(*Flow),
        choices=tuple(Flow),
    )

    @property
    def series(self) -> Series:
        """The series that it measures."""
        return Series(self.prm, self.flow)


@dataclass(frozen=True)
class DisplaySettings:
    """``[display]``: the theme may be one that this version does not know."""

    theme: str = key(
        "textual-dark",
        "Colours: one of the themes of Textual, such as textual-light or nord.",
        "the name of a theme",
        checks.filled,
    )
    marker: str = key(
        "half-block",
        "What charts are drawn with: half-block, braille (finer and thinner) or dot (any font).",
        "braille, half-block or dot",
        checks.one_of("braille", "half-block", "dot"),
        choices=("braille", "half-block", "dot"),
    )


MONGODB = Section("mongodb", "Where the readings are kept.", keys_of(MongoSettings))
ENEDIS = Section("enedis", "How the readings are fetched.", keys_of(EnedisSettings))
METERS = Section(
    "meters",
    "Your meters: repeat the section for each meter and direction.",
    keys_of(Meter),
    repeated=True,
)
DISPLAY = Section("display", "How it looks.", keys_of(DisplaySettings))
KEYS = Section(
    "keys",
    'Other keys for actions, several with commas. For example:\nquit = "ctrl+q"\n'
    + "\n".join(
        f"{place}: {', '.join(action.id for action in actions)}"
        for place, actions in groupby(ACTIONS.values(), lambda action: action.place)
    ),
    (),
)

ACTION_KEY = Key("", "", "The key of an action.", "the name of a key, in quotes", checks.filled)
"""What each entry of ``[keys]`` is."""

SECTIONS: Mapping[str, Section] = MappingProxyType(
    {section.name: section for section in (MONGODB, ENEDIS, METERS, DISPLAY, KEYS)}
)
"""Every section in the order of the file."""


@dataclass(frozen=True)
class Config:
    """A valid configuration."""

    mongodb: MongoSettings = MongoSettings()
    enedis: EnedisSettings = EnedisSettings()
    meters: tuple[Meter, ...] = ()
    display: DisplaySettings = DisplaySettings()
    keys: Mapping[str, str] = field(default_factory=dict)  # action to key, from `[keys]`
    # the file it was loaded from or would be saved to
    path: Path | None = field(default=None, compare=False)
    exists: bool = field(default=False, compare=False)  # whether that file was there
    # what works but should be changed, as sentences
    warnings: tuple[str, ...] = field(default=(), compare=False)
    # `section.key` of what did not come from the file, with its source; saving leaves these alone,
    # so that a token of the environment never lands in the file.
    overridden: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def prm_from_token(self) -> bool:
        """Whether the one meter has a token but no PRM yet: :meth:`with_prms` completes it."""
        return any(not meter.prm for meter in self.meters)

    def with_prms(self, prms: Sequence[str]) -> Config:
        """The same with the PRM that the token covers, where a meter lacks one.

        Raises:
            ConfigError: the token does not cover exactly one.
        """
        if not self.prm_from_token:
            return self
        if len(prms) != 1:
            raise ConfigError(
                "Which meter?",
                f"The token covers {count_text(len(prms))} meters"
                + (f" ({', '.join(mask_prm(prm) for prm in prms[:10])})." if prms else "."),
                "Write the PRM of each meter you want under [[meters]] in the configuration, or "
                "name one in LINKY_TUI_PRM.",
            )
        return replace(self, meters=tuple(replace(m, prm=m.prm or prms[0]) for m in self.meters))

    def require_meters(self) -> tuple[Meter, ...]:
        """The meters, each with a token.

        Raises:
            ConfigError: there is none, or one lacks its token.
        """
        if not self.meters:
            raise ConfigError(
                "No meter is configured",
                "Fetching readings takes the PRM of your meter and your token from "
                "https://conso.boris.sh.",
                f"Write both under [[meters]] in {self._place()}, or try --demo.",
            )
        problems = tuple(
            f"The meter {mask_prm(meter.prm)} ({meter.flow}) has no token."
            for meter in self.meters
            if not meter.token
        )
        if problems:
            raise ConfigError(
                "A meter has no token",
                "The gateway gives readings only to who has a token for the meter.",
                "Get a token at https://conso.boris.sh and write it under [[meters]] in "
                f"{self._place()}.",
                problems,
            )
        return self.meters

    def _place(self) -> str:
        return plain(str(self.path)) if self.path else "the configuration file"
