"""What a configuration holds: settings as plain, frozen objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from linky_tui.config.sources import DAYS, LEASES, REQUESTS
from linky_tui.domain.models import Flow, Series
from linky_tui.errors import ConfigError
from linky_tui.text.formatting import count_text, mask_prm, plain


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
    """One ``[[meters]]``."""

    prm: str  # 14 digits; empty only where :attr:`Config.prm_from_token` says so.
    token: str = field(default="", repr=False)  # the JWT, or empty
    name: str = ""  # what the screens call it, may be empty
    flow: Flow = Flow.CONSUMPTION  # what is measured there

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
