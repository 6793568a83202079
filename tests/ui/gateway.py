"""A simulated gateway for the application's tests: a meter with some weeks, few requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from linky_tui.demo.household import DEMO_PRM
from linky_tui.demo.server import ApiServer, RecordedSource
from linky_tui.domain.models import DailyTotal
from linky_tui.enedis.timing import Timing
from linky_tui.session import Session
from tests.tools.app import HOME, TODAY, YESTERDAY
from tests.tools.gateway import PATIENCE_S, Turnstile


def weeks_of(days: int, kind: type[RecordedSource] = RecordedSource) -> RecordedSource:
    """The simulated home, activated so many days ago: four requests and one for each week."""
    first = TODAY - timedelta(days=days)
    return kind(
        HOME.readings(first, YESTERDAY),
        [total for total in HOME.daily(first, TODAY) if isinstance(total, DailyTotal)],
        activated=first,
        curve_from=first,
    )


@contextmanager
def gateway(
    days: int = 28, *, prms: Sequence[str] = (DEMO_PRM,), **options: object
) -> Iterator[ApiServer]:
    options.setdefault("block_after", None)
    homes = dict.fromkeys(prms, weeks_of(days))
    with ApiServer(homes, **options) as server:  # type: ignore[arg-type]
        yield server


@contextmanager
def turnstile(
    days: int = 28, *, prms: Sequence[str] = (DEMO_PRM,)
) -> Iterator[tuple[ApiServer, Turnstile]]:
    """The same with one :class:`Turnstile` for all, and a client that waits for it."""
    home = weeks_of(days, Turnstile)
    assert isinstance(home, Turnstile)
    with (
        pytest.MonkeyPatch.context() as patch,
        ApiServer(dict.fromkeys(prms, home), block_after=None) as server,
    ):
        patient = Timing(timeouts_s=(PATIENCE_S, PATIENCE_S), deadline_s=PATIENCE_S)
        patch.setattr(Session, "timing", patient)
        yield server, home
        home.let()


def curve_requests(server: ApiServer) -> list[tuple[date, date]]:
    return [
        (date.fromisoformat(entry.start or ""), date.fromisoformat(entry.end or ""))
        for entry in server.log
        if "courbe" in entry.type or "load_curve" in entry.type
    ]
