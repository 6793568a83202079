"""``--stats`` and ``--verify``: what both collections take, and whether they are identical."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace

from linky_tui.domain.paris import today
from linky_tui.headless.options import EXIT_INTERRUPTED, Options
from linky_tui.headless.output import Interrupted, print_json, print_lines, wrapped
from linky_tui.headless.progress import Waiting
from linky_tui.session import Session
from linky_tui.storage.compare.figure_queries import figure_queries
from linky_tui.storage.compare.settled import wait_until_settled
from linky_tui.storage.compare.stats import Comparison, compare_sizes
from linky_tui.storage.compare.verify import Verdict, Verification, verify
from linky_tui.storage.repair.reconcile import repair
from linky_tui.storage.store import Store
from linky_tui.text.formatting import count_text, percent_text, things
from linky_tui.words.comparison import (
    SETTLING,
    caption,
    comparison_rows,
    foreign_index_note,
    lost_counters_note,
    lost_note,
    orphans_note,
    server_index_note,
)
from linky_tui.words.queries import query_lines

_REPAIR = "linky-tui --verify --repair"
_LABEL_CELLS, _LEAST_CELLS = 12, 12


def run_stats(session: Session, options: Options, stop: threading.Event) -> int:
    """Compare both collections; returns the exit code."""
    with session.store(stop) as store:
        comparison = compare_sizes(store, checkpoint=True, compare=True, stop=stop)
        if stop.is_set():
            raise Interrupted
        comparison = settled(store, comparison, stop, quiet=options.quiet)
        queries = figure_queries(store, comparison) if options.queries else []
        database = store.settings.database
    if options.as_json:
        document = {"command": "stats", **comparison.to_json()}
        if options.queries:
            document["queries"] = [
                {"figure": each.figure, "of": each.of, "mongosh": each.text(database)}
                for each in queries
            ]
        print_json(document)
    else:
        print_lines(comparison_lines(comparison))
        if queries:
            print_lines(["", *query_lines(queries, database)])
    return EXIT_INTERRUPTED if stop.is_set() else 0


def run_verify(session: Session, options: Options, stop: threading.Event) -> int:
    """Compare every reading of both collections, repair on request; returns the exit code."""
    with session.store(stop) as store:
        result = repair(store, today(), stop) if options.repair else verify(store, stop)
    if stop.is_set():
        raise Interrupted
    if options.as_json:
        print_json({"command": "verify", **result.to_json()})
    elif not options.quiet or not result.good:
        print_lines(verification_lines(result))
    return 0 if result.good else 1


def settled(
    store: Store, comparison: Comparison, stop: threading.Event, *, quiet: bool = False
) -> Comparison:
    """Wait until sizes on disk are settled, with a line on stderr, and measure again.

    Stopped, or where somebody writes on and on, the comparison stays unsettled.
    """
    if comparison.settled:
        return comparison
    both = store.readings.regular, store.readings.timeseries
    with Waiting(sys.stderr, live=sys.stderr.isatty(), quiet=quiet) as waiting:
        if not wait_until_settled(both, stop, waiting.show):
            return replace(comparison, settled=False)
    again = compare_sizes(store)
    return replace(again, identical=comparison.identical, settled=again.settled is not False)


def comparison_lines(comparison: Comparison) -> list[str]:
    """The comparison as a table for a terminal."""
    rows = [
        ("", comparison.regular.name, comparison.timeseries.name, "saved"),
        *((row.label, *row.cells) for row in comparison_rows(comparison)),
    ]
    widths = [max(_LEAST_CELLS, *(len(row[column]) for row in rows)) for column in (1, 2, 3)]
    lines = [
        row[0].ljust(_LABEL_CELLS)
        + "".join(
            f"  {cell.rjust(width)}" for cell, width in zip(row[1:], widths, strict=True)
        ).rstrip()
        for row in rows
    ]
    return lines + _notes(comparison)


def verification_lines(result: Verification) -> list[str]:
    """What a verification found, in words."""
    verdict = {
        Verdict.IDENTICAL: "Both collections are identical",
        Verdict.REPAIRED: "Both collections are identical again",
        Verdict.DIFFERENT: "The collections differ",
    }[result.status]
    lines = [
        f"{verdict}: {count_text(result.regular_readings)} readings in the regular one, "
        f"{count_text(result.timeseries_readings)} in the time series one.",
        f"sha256 {result.digest_regular} (regular)",
        f"sha256 {result.digest_timeseries} (time series)",
    ]
    if result.status is Verdict.DIFFERENT:
        lines.append(
            f"In the time series one {count_text(result.missing_in_timeseries)} are missing, "
            f"{count_text(result.extra_in_timeseries)} are too many, "
            f"{count_text(result.duplicated_in_timeseries)} are there twice, "
            f"{count_text(result.differing)} say something else."
        )
        if result.in_use:
            lines.append("A process is writing at this moment; verify again when it has finished.")
        elif result.foreign:
            lines.append(
                f"Not all documents are ours: {result.foreign}. Move such documents to a "
                f"collection of their own; {_REPAIR} does the rest."
            )
        else:
            lines.append(f"{_REPAIR} makes them identical.")
    if result.gone:
        lines.append(
            f"The ledger of days knows of {count_text(result.gone)} readings that neither holds "
            "any more; linky-tui --backfill asks again for what Enedis still has of them."
        )
    lines += [f"{error.title}: {error.cause} {error.next_step}" for error in result.lost]
    return [wrapped(line) for line in lines]


def _notes(comparison: Comparison) -> list[str]:
    if not comparison.regular.readings:
        lost = lost_note(comparison, f"{_REPAIR} copies them back, as the next --sync does")
        return ["", wrapped(lost or "Nothing is stored yet: linky-tui --backfill fills both.")]
    full, buckets = comparison.readings_per_bucket, comparison.buckets
    filled = (
        "The number of buckets is not known"
        if buckets is None
        else f"{things(buckets, 'bucket')} of {full or 0:,.0f} readings on average"
    )
    lines = [
        f"{filled}, granularity {comparison.granularity}; MongoDB {comparison.server_version} "
        f"({comparison.server_kind}).",
        caption(comparison),
        "A regular collection has to carry _id and its index, a time series one need not; "
        f"without them data saves {percent_text(comparison.saved_without_id_data)}, the total "
        + (percent_text(comparison.saved_without_id_total) if comparison.settled else SETTLING)
        + ".",
        server_index_note(comparison),
        lost_counters_note(comparison),
    ]
    if comparison.regular.readings != comparison.timeseries.readings:
        lines.append(f"They hold different readings, so what is saved says little: {_REPAIR}.")
    lines += [foreign_index_note(comparison), orphans_note(comparison)]
    if not comparison.settled:
        lines.append(
            f"{SETTLING}: MongoDB has not written everything to disk yet, which it does once a "
            "minute (a checkpoint). Until then nobody can tell what is saved there: linky-tui "
            "--stats waits for it."
        )
    return ["", *(wrapped(line) for line in lines if line)]
