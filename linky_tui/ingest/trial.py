"""One question to the gateway, to see whether a token works: a week of daily totals."""

from __future__ import annotations

from datetime import timedelta

from linky_tui.domain.models import DailyTotal, Series
from linky_tui.domain.paris import today
from linky_tui.enedis.faults import ApiFault, ApiFaultKind
from linky_tui.enedis.request import DataKind, DataRequest
from linky_tui.errors import LinkyError, TemporaryError
from linky_tui.ingest.manners import PausedUntil, StopWanted, TooManyFailures
from linky_tui.ingest.request_run import RequestRun

DAYS = 7


def try_token(requests: RequestRun, series: Series, token: str) -> tuple[DailyTotal, ...]:
    """Ask for the daily totals of the last week, through the budget. Blocks for some seconds.

    Usually one request; a second one where the gateway knows only the other generation of the
    API, or answers that it is broken.

    Raises:
        LinkyError: why there are none; a stop raises TemporaryError.
    """
    end = today()
    question = DataRequest(DataKind.DAILY_TOTALS, series, end - timedelta(days=DAYS), end)
    fetching = requests.fetch(question, token)
    try:
        while True:
            next(fetching)
    except StopIteration as done:
        totals: tuple[DailyTotal, ...] = done.value.totals
        return totals
    except StopWanted:
        raise TemporaryError("Stopped", "The test was left.", "Start it again.") from None
    except (PausedUntil, TooManyFailures) as ended:
        raise ended.error from None
    except ApiFault as fault:
        if fault.kind is ApiFaultKind.NO_DATA:
            return ()  # the token was good enough to be told so
        error: LinkyError = fault.to_error(series)
        raise error from None
