"""Reads what the plan of a backfill follows from. Blocks; for worker threads."""

from __future__ import annotations

from threading import Event

from linky_tui.domain.coverage import first_askable
from linky_tui.domain.models import Series
from linky_tui.domain.paris import day_of, utc_now
from linky_tui.session import Session
from linky_tui.storage.store import Store
from linky_tui.ui.backfill.plan import PlanFacts


def load_facts(session: Session, store: Store, series: Series) -> PlanFacts:
    """The ledger, what is remembered of the series, and what today's budget allows.

    Raises:
        LinkyError: MongoDB or the file of the budget cannot be read.
    """
    now = utc_now()
    today = day_of(now)
    with session.requests(store, Event()) as requests:
        left_today = requests.manners.left_today
    return PlanFacts(
        store.days.load(series, first_askable(today), today),
        store.leases.state(series),
        left_today,
        session.budget().per_day,
        now,
    )
