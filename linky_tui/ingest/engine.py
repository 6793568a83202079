"""The one ingest engine: backfill, sync and re-fetching by hand are jobs of it.

The jobs of a run are done in turn, each under the lease of its series (:class:`Turn`).

It is a generator of events (events.py). It asks the gateway through a
:class:`~linky_tui.ingest.requests.run.RequestRun`, writes through a
:class:`~linky_tui.storage.store.Store`, and decides; it does no input or output of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import date

from linky_tui.domain.coverage import DayRecord
from linky_tui.domain.models import Series
from linky_tui.domain.paris import today
from linky_tui.enedis.faults import ApiFault
from linky_tui.errors import (
    LinkyError,
    OutOfSpace,
    SeriesBusy,
    StorageUnavailable,
    TemporaryError,
)
from linky_tui.ingest.backfill import backfill
from linky_tui.ingest.events import Event, Failed, Finished, Noted, Paused, Turn
from linky_tui.ingest.jobs import Job, JobKind, Status
from linky_tui.ingest.requests.manners import PausedUntil, StopWanted, TooManyFailures
from linky_tui.ingest.requests.run import RequestRun
from linky_tui.ingest.series_run import SeriesRun
from linky_tui.ingest.sync import refetch, sync
from linky_tui.ingest.upkeep import finish, reconcile_first
from linky_tui.storage.leases.leases import Lease
from linky_tui.storage.repair.extent import Trail
from linky_tui.storage.repair.reconcile import reconcile
from linky_tui.storage.store import Store

Running = Generator[Event, None, None]


@dataclass(slots=True)
class _Running:
    """A job that is not finished."""

    events: Running
    newest: date = date.max  # see :class:`Turn`; whoever has not begun goes first


def run_jobs(store: Store, requests: RequestRun, jobs: Sequence[Job]) -> Running:
    """Do jobs for different series, in turn; yields events, for each series ending in Finished.

    The newest days of all series come first, and the trouble of one stops no other. A stop event
    set on ``requests`` ends all within 0.3 s with status ``interrupted``. Whatever ends a job,
    both collections and the ledger are consistent, or the next run makes them so.
    """
    held: list[Lease] = []
    several, trail = len(jobs) > 1, Trail(store)
    running = [_Running(_run_job(store, requests, job, held, several, trail)) for job in jobs]
    try:
        while running:
            current = max(running, key=lambda each: each.newest)  # the first of equals
            for event in current.events:
                if isinstance(event, Turn):
                    current.newest = event.newest
                    break
                yield event
            else:
                running.remove(current)
    finally:
        for each in running:
            each.events.close()


def _run_job(
    store: Store,
    requests: RequestRun,
    job: Job,
    held: list[Lease],
    several: bool,
    trail: Trail,
) -> Running:
    inserted = 0
    recent: tuple[DayRecord, ...] = ()
    status, error = Status.INTERRUPTED, None
    lease: Lease | None = None
    broken: LinkyError | None = None
    try:
        if requests.stop.is_set():
            raise StopWanted
        if job.problem is not None:
            raise job.problem
        with store.leases.acquire(job.series) as lease:
            run = SeriesRun(store, requests, lease, job.series, job.token, held, several, trail)
            held.append(lease)
            requests.guards[job.series] = lease.check_before_request
            try:
                status, error = yield from _work(run, job)
            finally:
                held.remove(lease)
                del requests.guards[job.series]
                inserted, recent = run.inserted, run.recent
    except StopWanted:
        status = Status.INTERRUPTED
    except LinkyError as failure:
        # A stop that reached a write or a wait for MongoDB arrives as an error of storage.
        if not requests.stop.is_set():
            broken = store.connection.explained(failure)
    if lease is not None and lease.lost and not requests.stop.is_set():
        # Whatever it looked like from here.
        _clear_up(store, requests, job.series)
        broken = lease.taken_over()
    if broken is not None:
        status, error = Status.FAILED, broken
        yield Failed(job.series, broken)
    yield Finished(job.series, status, inserted, requests.made_for[job.series], error, recent)


def _clear_up(store: Store, requests: RequestRun, series: Series) -> None:
    """Undo what of ours may have arrived after another process took over, if it has finished.

    While it is still at work it finds our note and does it; whatever fails is left to the next run.
    """
    with contextlib.suppress(LinkyError), store.leases.acquire(series) as lease:
        reconcile(store, lease, series, today(), requests.stop)


def _work(run: SeriesRun, job: Job) -> Generator[Event, None, tuple[Status, LinkyError | None]]:
    """The job between taking and giving back the lease."""
    run.check_stop()
    for note in run.store.server.notes if run.held[0] is run.lease else ():
        yield Noted(run.series, note)
    yield from reconcile_first(run)
    pause: Paused | None = None
    failure: LinkyError | None = None
    unpublished: TemporaryError | None = None
    try:
        unpublished = yield from _ask(run, job)
    except PausedUntil as paused:
        pause = Paused(run.series, paused.until, paused.error)
    except TooManyFailures as given_up:
        failure = given_up.error
    except ApiFault as fault:
        failure = fault.to_error(run.series)
    except (StorageUnavailable, OutOfSpace, SeriesBusy):
        raise  # MongoDB or the lease is gone: there is nothing to finish with.
    except LinkyError as refused:
        failure = refused
    run.check_stop()
    if failure is not None:
        yield Failed(run.series, failure)
    yield from run.give_way(date.min)  # a rebuild is for all: when nobody asks any more
    yield from finish(run, sparingly=job.kind is not JobKind.BACKFILL)
    if failure is not None:
        return Status.FAILED, failure
    if (trouble := run.trouble or run.unread) is not None:
        yield Failed(run.series, trouble)
        return Status.FAILED, trouble
    if pause is not None:
        yield pause
        return Status.PAUSED, pause.error
    if unpublished is not None:
        return Status.NOT_PUBLISHED_YET, unpublished
    if job.kind is JobKind.SYNC and not run.requests.made_for[run.series]:
        return Status.NOTHING_TO_DO, None
    return Status.COMPLETE, None


def _ask(run: SeriesRun, job: Job) -> Generator[Event, None, TemporaryError | None]:
    if job.kind is JobKind.SYNC:
        return (yield from sync(run, totals_now=job.totals_now))
    if job.kind is JobKind.REFETCH and job.days is not None:
        return (yield from refetch(run, job.days))
    yield from backfill(run, job.since, totals_now=job.totals_now)
    return None
