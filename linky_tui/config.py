"""The configuration: what it holds, and loading it from its four sources.

Precedence: command line, environment, file, default. What the variables mean:

* ``LINKY_TUI_CONFIG`` names the file;
* ``LINKY_TUI_MONGODB_URI`` goes before ``[mongodb] uri``;
* ``LINKY_TUI_TOKEN`` is the token of every meter;
* ``LINKY_TUI_PRM`` selects the meters of the file with that PRM, or stands for one consumption
  meter that the file does not know.

A token without any PRM (in the environment without a meter in the file, or in the file's only
meter) leaves the PRM to the token: see :attr:`Config.prm_from_token`. An empty variable counts
as not set. The demo ignores all four: simulated readings never reach a real database because
a shell profile names it.

This is ground floor: it imports no part of the application above it and nothing heavy.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from linky_tui import paths, redaction
from linky_tui.config_leftovers import remove_leftovers
from linky_tui.config_read import Values, read_file, read_values
from linky_tui.config_sources import DAYS, LEASES, REQUESTS, check_together, override
from linky_tui.errors import ConfigError
from linky_tui.formatting import count_text, mask_prm, plain
from linky_tui.models import Flow, Series

CONFIG_VARIABLE = "LINKY_TUI_CONFIG"


@dataclass(frozen=True)
class MongoSettings:
    """``[mongodb]``; the keys are explained in ``config_schema``."""

    uri: str = field(default="", repr=False)
    database: str = "electricity"
    collection: str = "consumption"
    timeseries_collection: str = "consumptionTS"
    mongod: str = ""

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

    api_url: str = "https://conso.boris.sh/api"
    requests_per_day: int = 80
    seconds_between_requests: float = 1.0


@dataclass(frozen=True)
class Meter:
    """One ``[[meters]]``.

    Attributes:
        prm: 14 digits; empty only where :attr:`Config.prm_from_token` says so.
        token: the JWT, or empty.
        name: what the screens call it, may be empty.
        flow: what is measured there.
    """

    prm: str
    token: str = field(default="", repr=False)
    name: str = ""
    flow: Flow = Flow.CONSUMPTION

    @property
    def series(self) -> Series:
        """The series that it measures."""
        return Series(self.prm, self.flow)


@dataclass(frozen=True)
class DisplaySettings:
    """``[display]``: the theme may be one that this version does not know."""

    theme: str = "textual-dark"
    marker: str = "braille"


@dataclass(frozen=True)
class Config:
    """A valid configuration.

    Attributes:
        keys: action to key, from ``[keys]``.
        path: the file it was loaded from or would be saved to.
        exists: whether that file was there.
        warnings: what works but should be changed, as sentences.
        overridden: ``section.key`` of what did not come from the file, with its source; saving
            leaves these alone, so that a token of the environment never lands in the file.
    """

    mongodb: MongoSettings = MongoSettings()
    enedis: EnedisSettings = EnedisSettings()
    meters: tuple[Meter, ...] = ()
    display: DisplaySettings = DisplaySettings()
    keys: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = field(default=None, compare=False)
    exists: bool = field(default=False, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
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


def load(
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    demo: bool = False,
    overrides: Mapping[str, object] | None = None,
) -> Config:
    """The configuration from all its sources.

    Args:
        path: the file named on the command line; it has to exist. Without it the file that
            ``LINKY_TUI_CONFIG`` names, which has to exist too, or the one of this system.
        environ: the environment, that of the process where it is not given. A settings form
            gives ``{}``, to edit what the file says.
        demo: another file of this system, and no environment.
        overrides: other values of the command line under ``"section.key"``.

    Raises:
        ConfigError: with everything that is wrong in ``problems``.
    """
    variables = {} if demo else os.environ if environ is None else environ
    named = str(path) if path is not None else variables.get(CONFIG_VARIABLE, "")
    file = Path(os.path.expanduser(named)) if named else paths.config_file(demo=demo)
    content = read_file(file, must_exist=bool(named))
    if content.exists:
        remove_leftovers(Path(os.path.realpath(file)))
    values = read_values(content.tables or {}, plain(str(file)))
    values.problems[:0] = content.problems
    overridden = override(values, variables, overrides or {})
    check_together(values, plain(str(file)))
    if values.problems:
        raise config_error(values.problems, file)
    return replace(
        from_values(values),
        path=file,
        exists=content.exists,
        warnings=content.warnings,
        overridden=overridden,
    )


def from_values(values: Values) -> Config:
    """The configuration that checked values amount to, defaults for the rest.

    Its secrets are from now on kept out of every text (:mod:`linky_tui.redaction`).
    """
    redaction.protect_address(values.of("mongodb").get("uri", ""))
    for meter in values.meters:
        redaction.protect_token(str(meter.get("token", "")))
    return Config(
        mongodb=MongoSettings(**values.of("mongodb")),
        enedis=EnedisSettings(**values.of("enedis")),
        meters=tuple(_meter(meter) for meter in values.meters),
        display=DisplaySettings(**values.of("display")),
        keys=dict(values.keys),
    )


def _meter(values: Mapping[str, Any]) -> Meter:
    given = {"prm": "", **values}
    return Meter(**{**given, "flow": Flow(given.get("flow", Flow.CONSUMPTION))})


def config_error(problems: Sequence[str], file: Path) -> ConfigError:
    """All problems in one error, as its ``problems``: the cause does not repeat them."""
    count = "a problem" if len(problems) == 1 else f"{count_text(len(problems))} problems"
    return ConfigError(
        f"The configuration has {count}",
        "It cannot be used as it is.",
        f"Correct {plain(str(file))}; config.example.toml explains every key.",
        tuple(problems),
    )
