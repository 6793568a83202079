"""A gateway that answers every request with something hostile, and remembers what it said."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qs, urlsplit

from linky_tui.domain.models import Series
from linky_tui.enedis.request import DataKind, DataRequest
from tests.tools.servers import Handler
from tests.torture.hostile.mutator import honest_body, hostile_body
from tests.torture.hostile.oracle import Measure, said

HONEST_EVERY = 3
"""Three failures in a row end a run, so every third answer is honest."""


@dataclass(frozen=True)
class Spoken:
    """One answer that was sent.

    Attributes:
        request: what had been asked.
        body: the answer.
        honest: whether nobody had tampered with it.
        truth: what it says, as the oracle reads it.
    """

    request: DataRequest
    body: bytes
    honest: bool
    truth: tuple[Measure, ...] | None


class Storm:
    """Answers requests; give :meth:`answer` to a ``TinyServer``.

    Args:
        rng: the same one makes the same answers again.
        spoil: makes the hostile bytes for a request.
    """

    def __init__(
        self,
        rng: random.Random,
        spoil: Callable[[DataRequest, random.Random], bytes] = hostile_body,
    ) -> None:
        self._rng = rng
        self._spoil = spoil
        self._lock = threading.Lock()
        self.spoken: list[Spoken] = []

    def answer(self, handler: Handler) -> None:
        """Answer one request."""
        with self._lock:
            request = asked(handler.path)
            honest = len(self.spoken) % HONEST_EVERY == HONEST_EVERY - 1
            make = honest_body if honest else self._spoil
            body = make(request, self._rng)
            self.spoken.append(Spoken(request, body, honest, said(request, body)))
        # A name that cannot be in a header would only break this server off.
        handler.send(body, Content_Type=self._rng.choice(["application/json", "text/html", "x/y"]))


def asked(path: str) -> DataRequest:
    """The request behind an address."""
    parts = urlsplit(path)
    values = {name: found[0] for name, found in parse_qs(parts.query).items()}
    type_name = parts.path.rpartition("/")[2]
    kind = DataKind.LOAD_CURVE
    if "quotidienne" in type_name or "daily" in type_name:
        kind = DataKind.DAILY_TOTALS
    prm = values.get("pointId") or values["prm"]
    first = values.get("dateDebut") or values["start"]
    end = values.get("dateFin") or values["end"]
    return DataRequest(kind, Series(prm), date.fromisoformat(first), date.fromisoformat(end))
