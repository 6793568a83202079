"""Before and after a run: what a crash left is repaired, what fragmented is rebuilt."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta

from linky_tui.domain.paris import utc_now
from linky_tui.errors import LinkyError, OutOfSpace, SeriesBusy, StorageError
from linky_tui.ingest.events import Event, Noted, Rebuilding, Repaired
from linky_tui.ingest.series_run import SeriesRun
from linky_tui.storage.compare.buckets import needs_defragmenting
from linky_tui.storage.compare.verify import compare_days
from linky_tui.storage.repair.extent import EVERYTHING, spans_of
from linky_tui.storage.repair.rebuild import rebuild_steps
from linky_tui.storage.repair.reconcile import reconcile
from linky_tui.text.formatting import count_text

DEFRAGMENT_EVERY = timedelta(days=7)
"""How often a sync defragments at most; a backfill does it whenever it is due."""


def reconcile_first(run: SeriesRun) -> Generator[Event, None, None]:
    """Make both collections and the ledger agree before anything is asked; no request."""
    run.compared = run.trail.extent(run.series, run.state, run.today)
    done = reconcile(
        run.store, run.lease, run.series, run.today, run.requests.stop, run.held, run.compared
    )
    if done.restored:
        yield Repaired(
            run.series,
            f"{count_text(done.restored)} readings were restored from the time series collection.",
        )
    if done.completed:
        yield Repaired(
            run.series,
            f"The time series collection lacked {count_text(done.completed)} readings; "
            "they were added.",
        )
    if done.rebuilt:
        yield Repaired(run.series, "The time series collection differed and was rebuilt.")
    if done.days_recomputed:
        yield Noted(run.series, "What is known of each day was computed again from the readings.")
    if done.resurvey:
        yield Noted(run.series, "Daily totals were lost with it; they are asked again.")
    if done.gone:
        yield Noted(
            run.series,
            f"{count_text(done.gone)} readings that were stored are in neither collection any "
            "more; Enedis is asked for them again.",
        )
    run.trouble = run.trouble or done.lost
    if done.postponed is not None:
        yield _postponed(run, done.postponed)


def finish(run: SeriesRun, *, sparingly: bool) -> Generator[Event, None, None]:
    """Rebuild the time series collection where it differs, or where its buckets are too many.

    ``sparingly``: for the buckets at most once a week (a sync), but for the run that completed
    the history; differences are always mended.
    """
    if (reason := _reason(run, sparingly=sparingly)) is not None:
        try:
            for done, total in rebuild_steps(run.store, run.held, run.requests.stop):
                yield Rebuilding(run.series, done, total, reason)
            run.postponed = False
        except (SeriesBusy, StorageError) as error:
            run.lease.check()
            if isinstance(error, OutOfSpace):
                # Nobody else mends that, so the run must not end as if all was well.
                run.trouble = run.trouble or run.store.connection.explained(error)
            yield _postponed(run, error)
    if run.postponed:
        run.lease.note_unclean()
    else:
        run.trail.end(run.lease, run.today, run.compared.until)


def _reason(run: SeriesRun, *, sparingly: bool) -> str | None:
    """Why the time series collection has to be rebuilt, if it has to."""
    state = run.state
    if state.rebuild_pending is not None:
        return "a correction changed stored readings"
    written = EVERYTHING.spans if run.postponed else spans_of(run.lease.touched)
    if not all(compare_days(run.store.readings, run.series, *span).equal for span in written):
        return "it differs from the regular one"
    if sparingly and not run.history_done:
        # Counting them takes longer the more there is.
        counted_at = run.store.leases.buckets_counted_at()
        if not written or _lately(state.last_rebuild) or _lately(counted_at):
            return None
    if needs_defragmenting(run.store, tight=run.history_done):
        return "MongoDB keeps its readings in more packets (buckets) than it needs"
    run.lease.set_state(buckets_counted_at=utc_now())
    return None


def _lately(at: datetime | None) -> bool:
    # Another clock may have written that: clocks that disagree must not put a rebuild off for ever.
    return at is not None and abs(utc_now() - at) < DEFRAGMENT_EVERY


def _postponed(run: SeriesRun, error: LinkyError) -> Noted:
    run.postponed = True
    if isinstance(error, StorageError):
        # Nobody but the user can help: such as a document that is not ours.
        run.trouble = run.trouble or error
    return Noted(
        run.series,
        f"Making both collections equal has to wait: {error.title}. {error.cause}",
    )
