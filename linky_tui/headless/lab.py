"""``--lab``: the storage laboratory, with progress on stderr and a report on request."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from linky_tui.domain.laboratory import Result
from linky_tui.errors import LinkyError
from linky_tui.headless.options import Options
from linky_tui.headless.output import Interrupted, print_json, print_lines, say, wrapped
from linky_tui.headless.summary import worst
from linky_tui.lab.catalogue import BY_KEY, need_a_home
from linky_tui.lab.events import Measured, Progressed, Started, Unmeasured
from linky_tui.lab.grounds import GroundsHere, ScratchGrounds
from linky_tui.lab.homes import Home, simulated_home, stored_home
from linky_tui.lab.kept import keep, to_json
from linky_tui.lab.report.blocks import Shown, Table
from linky_tui.lab.report.file import check_place, write_report
from linky_tui.lab.report.sentences import sentence
from linky_tui.lab.report.shown import shown
from linky_tui.lab.run import run_experiments
from linky_tui.lab.task import Task
from linky_tui.session import Session, with_token_prms
from linky_tui.storage.lab.folders import drop_leftovers
from linky_tui.storage.store import Store
from linky_tui.system import paths
from linky_tui.text.formatting import duration_text, plain, printable


def run_lab(session: Session, options: Options, stop: threading.Event) -> int:
    """Run the experiments that the options name, or all; returns the exit code."""
    report = options.report
    if report is not None:
        check_place(report)
    drop_leftovers(paths.data_dir(demo=session.demo))
    results: list[Result] = []
    failed: list[Unmeasured] = []
    places: list[str] = []
    live = _Live(quiet=options.quiet)
    with closing(live), _task(session, options, stop) as task:
        for event in run_experiments(options.experiments or BY_KEY, task):
            match event:
                case Started():
                    places.append(event.place)
                    live.say(f"{BY_KEY[event.experiment].title}, in {plain(event.place)}")
                case Progressed():
                    live.draw(event)
                case Measured(result=result):
                    results.append(result)
                    keep(paths.state_dir(demo=session.demo), [result])
                case Unmeasured():
                    failed.append(event)
                    live.say(f"{BY_KEY[event.experiment].title}: {event.error}")
    if stop.is_set():
        raise Interrupted
    parts = [shown(each) for each in results]
    if report is not None:
        write_report(report, parts)
    if options.as_json:
        print_json(_document(results, failed, places, report))
    else:
        print_lines(_lines(parts))
        if report is not None:
            say(f"The report is {plain(str(report))}.")
    return worst(each.error.exit_code for each in failed)


@contextmanager
def _task(session: Session, options: Options, stop: threading.Event) -> Iterator[Task]:
    """What to do, on which server and with which home."""
    demo = session.demo
    stored = need_a_home(options.experiments or BY_KEY) and not demo
    home = None if stored else simulated_home(options.seed)
    scratch = ScratchGrounds(
        paths.data_dir(demo=demo), paths.runtime_dir(demo=demo), session.config.mongodb.mongod
    )
    if not options.here:
        if home is None:
            with session.store(stop) as store:
                home = _stored(session, store)
        yield Task(home, scratch, seed=options.seed, homes=options.homes, stop=stop)
        return
    with session.store(stop) as store:
        client = store.connection.client
        # The embedded server has no address in the configuration.
        socket = client.address[0] if client.address else ""
        uri = session.config.mongodb.uri or f"mongodb://{quote(socket, safe='')}"
        grounds = GroundsHere(store.connection, uri, paths.data_dir(demo=demo))
        yield Task(
            home or _stored(session, store),
            grounds,
            seed=options.seed,
            homes=options.homes,
            stop=stop,
        )


def _stored(session: Session, store: Store) -> Home:
    """The readings of the first meter that has some."""
    session.config.require_meters()
    failure: LinkyError | None = None
    for meter in with_token_prms(session.config).meters:
        try:
            return stored_home(store, meter.series)
        except LinkyError as error:
            failure = failure or error
    assert failure is not None  # noqa: S101 there is at least one meter
    raise failure


class _Live:
    """Progress: one line that is drawn again on a terminal, a line an experiment elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty() and not quiet
        self._drawn = False

    def say(self, text: str) -> None:
        """A line that stays."""
        self.close()
        if not self._quiet:
            say(text)

    def draw(self, event: Progressed) -> None:
        """How far it is."""
        if not self._live:
            return
        parts = [f"{event.share:4.0%} {event.step}"]
        if event.per_s is not None:
            parts.append(f"{event.per_s:,.0f} {event.unit}/s")
        if event.eta_s is not None:
            parts.append(f"{duration_text(event.eta_s)} left")
        text = printable(" · ".join(parts))[: shutil.get_terminal_size().columns - 1]
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
        self._drawn = True

    def close(self) -> None:
        """Leave no line that is still drawn."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = False


def _document(
    results: Iterable[Result],
    failed: Iterable[Unmeasured],
    places: list[str],
    report: Path | None,
) -> dict[str, object]:
    errors = [{"experiment": each.experiment, **each.error.to_json()} for each in failed]
    return {
        "command": "lab",
        "status": "failed" if errors else "complete",
        "places": places,
        "results": [{**to_json(each), "sentence": sentence(each)} for each in results],
        "errors": errors,
        "report": None if report is None else str(report),
    }


def _lines(parts: Iterable[Shown]) -> list[str]:
    lines: list[str] = []
    for part in parts:
        lines += [f"{part.number}. {part.title}", "", wrapped(part.sentence), ""]
        for table in part.tables:
            lines += [*_table(table), ""]
        lines += [wrapped(note) for note in part.notes]
        lines += [wrapped(f"{name}: {value}", indent="  ") for name, value in part.conditions]
        lines.append("")
    return lines[:-1]


def _table(table: Table) -> list[str]:
    columns = table.columns
    return [
        f"{table.title}:",
        *(
            "  ".join(
                cell.ljust(width) if left else cell.rjust(width)
                for cell, (width, left) in zip(row, columns, strict=True)
            ).rstrip()
            for row in (table.head, *table.rows)
        ),
    ]
