"""One question, asked of several layouts in turn."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import pymongo
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from linky_tui.domain.laboratory import Contestant, Layout, Question
from linky_tui.storage.collections.confirmed_writes import StorageStopped
from linky_tui.storage.collections.documents import Document
from linky_tui.storage.connection import READ_LIMIT_S
from linky_tui.storage.lab.questions import Answer, Asked
from linky_tui.text.formatting import plain

WARM_UP = 2
"""Rounds that are not timed."""


def race(
    asked: Asked,
    collections: Mapping[Layout, Collection[Document]],
    rounds: int,
    stop: threading.Event,
) -> Generator[None, None, Question]:
    """Ask in turn, the first one changing, as a generator of the rounds.

    A layout whose server refuses the question is left out.

    Raises:
        StorageStopped: stopped.
    """
    running = dict(collections)
    times_ms: dict[Layout, list[float]] = {layout: [] for layout in running}
    answers: dict[Layout, Answer] = {}
    equal = True
    for number in range(-WARM_UP, rounds):
        layouts = list(running)
        first = number % max(1, len(layouts))
        for layout in layouts[first:] + layouts[:first]:
            if stop.is_set():
                raise StorageStopped
            try:
                answer, took_ms = _ask(asked, layout, running[layout])
            except OperationFailure:
                del running[layout]
                continue
            equal = equal and answer == answers.setdefault(layout, answer)
            if number >= 0:
                times_ms[layout].append(took_ms)
        yield
    found = [answers[layout] for layout in running]
    return Question(
        asked.text,
        rounds,
        len(found[0]) if found else 0,
        equal and all(each == found[0] for each in found),
        tuple(_contestant(asked, layout, running[layout], times_ms[layout]) for layout in running),
    )


def _ask(asked: Asked, layout: Layout, collection: Collection[Document]) -> tuple[Answer, float]:
    """The answer, and how long it took to have it here."""
    begun = time.perf_counter()
    with pymongo.timeout(READ_LIMIT_S):
        answer = asked.answered(layout, collection.aggregate(asked.pipeline(layout)))
    return answer, 1000 * (time.perf_counter() - begun)


def _contestant(
    asked: Asked, layout: Layout, collection: Collection[Document], times_ms: list[float]
) -> Contestant:
    tenths = statistics.quantiles(times_ms, n=10, method="inclusive")
    stages, examined = _plan(collection, asked.pipeline(layout))
    unpacked = any("unpack" in each.lower() or "cellblock" in each.lower() for each in stages)
    return Contestant(
        layout,
        statistics.median(times_ms),
        tenths[0],
        tenths[-1],
        plain(" > ".join(stages), 120),
        examined,
        from_headers=layout is Layout.TIME_SERIES and bool(stages) and not unpacked,
    )


def _plan(
    collection: Collection[Document], pipeline: list[Document]
) -> tuple[list[str], int | None]:
    """The stages from the first read on, and the documents examined; nothing where refused."""
    question = {"aggregate": collection.name, "pipeline": pipeline, "cursor": {}}
    try:
        with pymongo.timeout(READ_LIMIT_S):
            found = collection.database.command(
                {"explain": question, "verbosity": "executionStats"}
            )
    except OperationFailure:
        return [], None
    shards = found.get("shards")
    answers: list[Mapping[str, Any]] = (
        list(shards.values()) if isinstance(shards, Mapping) else [found]
    )
    examined = [count for answer in answers if (count := _examined(answer)) is not None]
    return list(_stages(answers[0])), sum(examined) if examined else None


def _cursor(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    for stage in answer.get("stages", ()):
        if "$cursor" in stage:
            cursor: Mapping[str, Any] = stage["$cursor"]
            return cursor
    return answer


def _examined(answer: Mapping[str, Any]) -> int | None:
    count = _cursor(answer).get("executionStats", {}).get("totalDocsExamined")
    return None if count is None else int(count)


def _stages(answer: Mapping[str, Any]) -> Iterator[str]:
    plan = _cursor(answer).get("queryPlanner", {}).get("winningPlan", {})
    names = []
    stage: Any = plan.get("queryPlan", plan)
    while isinstance(stage, Mapping):
        if "stage" in stage:
            names.append(str(stage["stage"]))
        stage = stage.get("inputStage") or next(iter(stage.get("inputStages", ())), None)
    yield from reversed(names)
    for each in answer.get("stages", ()):
        name = next(iter(each), "")
        if name != "$cursor":
            yield str(name)
