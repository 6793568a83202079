"""Errors that a person reads: each has a title, a cause and a next step, and an exit code.

::

    LinkyError                 1  something failed
    ├── ConfigError            2  the configuration is wrong (all problems together)
    ├── UsageError             2  the command line is wrong
    ├── TokenRefused           2  the gateway does not accept the token for this meter
    ├── ApiError               1  the gateway or Enedis answered with something we cannot use
    │   └── Banned             1  the gateway blocks this IP address
    ├── StorageError           1  MongoDB holds or answered something we cannot work with
    │   ├── OutOfSpace         1  a disk, or a quota of the server, is full
    │   ├── CollectionRefused  2  a collection exists and is not ours: a setting has to change
    │   ├── AccessRefused      2  MongoDB does not let this user in
    │   └── ServerRefused      2  what answers is no MongoDB that can hold both collections
    └── TemporaryError         3  try again later
        ├── ServiceDown        3  the gateway or Enedis is down, or asks to wait
        ├── BudgetSpent        3  today's requests are used up
        │   └── AddressBlocked 3  nothing more is sent today, for the gateway blocks this address
        ├── StorageUnavailable 3  MongoDB cannot be reached just now
        └── SeriesBusy         3  another process is working on this series

No text of an error ever holds a token or a password: whoever raises one from a foreign text
passes it through :func:`linky_tui.text.formatting.plain` and names no credentials.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class Side(StrEnum):
    """Whose side an error can be on; the values stand in the JSON."""

    YOURS = "yours"
    GATEWAY = "gateway"
    ENEDIS = "enedis"
    MONGODB = "mongodb"
    OURS = "linky-tui"


_WHOSE = {
    Side.YOURS: ("your", "yours"),
    Side.GATEWAY: ("the gateway's", "the gateway's"),
    Side.ENEDIS: ("Enedis'", "Enedis'"),
    Side.MONGODB: ("MongoDB's", "MongoDB's"),
    Side.OURS: ("linky-tui's", "linky-tui's"),
}


class LinkyError(Exception):
    """Base of every error that a user can meet.

    Attributes:
        title: what happened, in a few words, without a full stop.
        cause: why; not whose side that is on, which :attr:`side_text` says.
        next_step: what the user can do, or when it will be tried again.
        sides: whose side it is on, the likeliest first; empty where it is nobody's.
        problems: everything that is wrong, where one cause does not say it.
        exit_code: the exit code of a headless command that ends with it.
    """

    exit_code = 1
    usual_sides: ClassVar[tuple[Side, ...]] = ()
    """The ``sides`` where whoever raises it gives none."""
    problems: tuple[str, ...] = ()

    def __init__(
        self, title: str, cause: str, next_step: str, *, sides: Sequence[Side] | None = None
    ) -> None:
        super().__init__(title, cause, next_step)
        self.title = title
        self.cause = cause
        self.next_step = next_step
        self.sides = self.usual_sides if sides is None else tuple(sides)

    def __str__(self) -> str:
        return f"{self.title}: {self.cause} {self.next_step}"

    @property
    def side_text(self) -> str:
        """Whose side it is on: ``On your side or the gateway's.``, or an empty text."""
        if not self.sides:
            return ""
        first, *others = self.sides
        more = "".join(f" or {_WHOSE[side][1]}" for side in others)
        return f"On {_WHOSE[first][0]} side{more}."

    @property
    def details(self) -> tuple[str, ...]:
        """What stands below the title, a line each: why, whose side it is on, what to do."""
        problems = (f"- {each}" for each in self.problems if self.cause not in each)
        return tuple(filter(None, (self.cause, *problems, self.side_text, self.next_step)))

    def to_json(self) -> dict[str, object]:
        """The texts and whose side it is on, under their keys in the JSON."""
        return {
            "title": self.title,
            "cause": self.cause,
            "next_step": self.next_step,
            "sides": list(self.sides),
        }


class ConfigError(LinkyError):
    """The configuration cannot be used; ``problems`` lists everything that is wrong with it."""

    exit_code = 2
    usual_sides = (Side.YOURS,)

    def __init__(
        self,
        title: str,
        cause: str,
        next_step: str,
        problems: tuple[str, ...] = (),
        *,
        sides: Sequence[Side] | None = None,
    ) -> None:
        super().__init__(title, cause, next_step, sides=sides)
        self.problems = problems


class UsageError(LinkyError):
    """The command line is wrong."""

    exit_code = 2
    usual_sides = (Side.YOURS,)


class TokenRefused(LinkyError):
    """The gateway refuses the token, or the token does not cover the meter."""

    exit_code = 2
    usual_sides = (Side.YOURS,)


class ApiError(LinkyError):
    """The gateway or Enedis answered with something that cannot be used."""

    usual_sides: ClassVar[tuple[Side, ...]] = (Side.GATEWAY, Side.ENEDIS)


class Banned(ApiError):
    """The gateway blocks this IP address."""

    usual_sides = (Side.GATEWAY,)


class StorageError(LinkyError):
    """MongoDB holds or answered something that we cannot work with."""

    usual_sides = (Side.MONGODB,)


class OutOfSpace(StorageError):
    """There is no space left where MongoDB keeps its data."""

    usual_sides = (Side.YOURS,)


class CollectionRefused(StorageError):
    """A collection of that name exists and is not ours; nothing in it was touched."""

    exit_code = 2
    usual_sides = (Side.YOURS,)


class AccessRefused(StorageError):
    """MongoDB refused the user name, the password or a right."""

    exit_code = 2
    usual_sides = (Side.YOURS,)


class ServerRefused(StorageError):
    """What answers is no MongoDB, too old, or set up so that it can never serve."""

    exit_code = 2
    usual_sides = (Side.YOURS,)


class TemporaryError(LinkyError):
    """Trying again later is the right thing to do.

    Attributes:
        retry_at: when, as an aware UTC datetime, where that is known.
    """

    exit_code = 3

    def __init__(
        self,
        title: str,
        cause: str,
        next_step: str,
        retry_at: datetime | None = None,
        *,
        sides: Sequence[Side] | None = None,
    ) -> None:
        super().__init__(title, cause, next_step, sides=sides)
        self.retry_at = retry_at


class ServiceDown(TemporaryError):
    """The gateway or Enedis is down, or asked us to wait."""

    usual_sides = (Side.GATEWAY, Side.ENEDIS)


class BudgetSpent(TemporaryError):
    """Today's requests are used up; ``retry_at`` is when the next ones are available."""

    usual_sides = (Side.GATEWAY,)


class AddressBlocked(BudgetSpent):
    """The gateway blocked this address today; that it lets it in tomorrow is not to be expected."""


class StorageUnavailable(TemporaryError):
    """MongoDB cannot be reached just now, or the outcome of a write is unknown."""

    usual_sides = (Side.MONGODB,)


class SeriesBusy(TemporaryError):
    """Another process holds the lease of the series, or took it from us."""

    usual_sides = (Side.YOURS,)
