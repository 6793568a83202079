"""``--sync`` and ``--backfill``: run the engine for each meter, say what became of it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY, next_utc_day, utc_now
from linky_tui.domain.paris import today as paris_today
from linky_tui.errors import StorageUnavailable, UsageError
from linky_tui.headless.options import EXIT_INTERRUPTED, Options
from linky_tui.headless.output import print_json, print_lines, say
from linky_tui.headless.progress import Progress
from linky_tui.headless.stats import comparison_lines, settled
from linky_tui.headless.summary import MeterSummary, summarise, worst
from linky_tui.ingest.engine import run_jobs
from linky_tui.ingest.events import Finished
from linky_tui.ingest.jobs import Job, JobKind, Status
from linky_tui.ingest.requests.run import RequestRun
from linky_tui.session import ReadyMeter, Session, ready_meters
from linky_tui.storage.compare.stats import compare_sizes
from linky_tui.storage.store import Store
from linky_tui.text.formatting import day_text, half_hours_text, kwh_text, utc_text

_EXIT_CODES = {
    Status.COMPLETE: 0,
    Status.NOTHING_TO_DO: 0,
    Status.PAUSED: 3,
    Status.NOT_PUBLISHED_YET: 3,
    Status.INTERRUPTED: EXIT_INTERRUPTED,
}


def run_ingest(session: Session, options: Options, stop: threading.Event) -> int:
    """Run ``--sync`` or ``--backfill`` for every configured meter; returns the exit code.

    Raises:
        LinkyError: before any meter could be worked on: configuration, MongoDB.
    """
    if options.since is not None and options.since >= paris_today():
        raise UsageError(
            "Nothing to fetch from there",
            f"--since {options.since} is not in the past.",
            "Name a day before today.",
        )
    meters = ready_meters(session.config)
    live = sys.stderr.isatty()
    with session.store(stop) as store, session.requests(store, stop) as requests:
        progress = Progress(
            sys.stderr,
            live=live,
            verbose=options.verbose,
            several=len(meters) > 1,
            whole_budget=options.command == "backfill",
            per_day=requests.manners.per_day,
        )
        ended = _drive(store, requests, meters, options, progress)
        summaries = [summarise(store, each) for each in ended]
        progress.close()
        code = worst(summary.exit_code for summary in summaries)
        _report(store, requests, options, summaries, code)
    return code


def _is_quiet(options: Options) -> bool:
    # cron mails what is printed: a sync speaks on a terminal only, or when it is asked to.
    unattended = options.command == "sync" and not sys.stderr.isatty()
    return options.quiet or (unattended and not options.verbose)


def _drive(
    store: Store,
    requests: RequestRun,
    meters: Sequence[ReadyMeter],
    options: Options,
    progress: Progress,
) -> list[MeterSummary]:
    """How each meter ended, in the order of the configuration."""
    kind = JobKind.SYNC if options.command == "sync" else JobKind.BACKFILL
    jobs = [
        Job(kind, meter.series, meter.token, since=options.since, problem=meter.problem)
        for meter in meters
    ]
    ended: dict[Series, MeterSummary] = {}
    for event in run_jobs(store, requests, jobs):
        if not _is_quiet(options):
            progress.show(event, requests.made)
        if isinstance(event, Finished):
            status, error = Status(event.status), event.error
            code = _EXIT_CODES.get(status, error.exit_code if error else 1)
            ended[event.series] = MeterSummary(event.series, status, code, event.inserted, error)
    return [ended[meter.series] for meter in meters]


def _report(
    store: Store,
    requests: RequestRun,
    options: Options,
    summaries: list[MeterSummary],
    code: int,
) -> None:
    decisive = next((s for s in summaries if s.exit_code == code), summaries[0])
    if options.as_json:
        print_json(
            {
                "command": options.command,
                "status": decisive.status,
                "meters": [summary.to_json() for summary in summaries],
                "requests": {
                    "made": requests.made,
                    "left_today": _left_today(requests, summaries),
                    "resets_at": utc_text(next_utc_day(utc_now().date())),
                },
                "error": decisive.error.to_json() if decisive.error else None,
            }
        )
        return
    for summary in summaries:
        if not _is_quiet(options):
            say("\n".join(summary.lines()))
        if summary.error is not None:
            say("\n  ".join((f"{summary.error.title}.", *summary.error.details)))
    if _is_quiet(options) or code == EXIT_INTERRUPTED or any(s.days is None for s in summaries):
        return
    if options.command == "backfill":
        comparison = compare_sizes(store, checkpoint=True, compare=True, stop=requests.stop)
        if sys.stderr.isatty():
            comparison = settled(store, comparison, requests.stop)
        print_lines(comparison_lines(comparison))
    else:
        print_lines(_yesterday(store, summary) for summary in summaries if not summary.exit_code)


def _left_today(requests: RequestRun, summaries: list[MeterSummary]) -> int | None:
    if any(summary.days is None for summary in summaries):
        return None
    try:
        return requests.manners.left_today
    except StorageUnavailable:
        return None  # other machines' requests count too, and only MongoDB knows of them


def _yesterday(store: Store, summary: MeterSummary) -> str:
    day = paris_today() - ONE_DAY
    record = store.days.load(summary.series, day, day).get(day)
    if record is None:
        return f"{summary.name}: {day_text(day)} nothing stored"
    there = half_hours_text(record.minutes_covered, record.minutes_expected)
    return f"{summary.name}: {day_text(day)} {kwh_text(record.energy_wh)}, {there}"
