"""Each figure of the comparison is what its query gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from functools import reduce
from typing import Any

import pytest

from linky_tui.domain.paris import day_start
from linky_tui.storage.compare.buckets import buckets_in
from linky_tui.storage.compare.figure_queries import (
    AnswerTerm,
    FigureQuery,
    Path,
    Term,
    figure_queries,
    number_paths,
)
from linky_tui.storage.compare.stats import compare_sizes
from linky_tui.storage.store import Store
from linky_tui.words.queries import query_lines
from tests.storage.compare.test_buckets import ANSWERS, below, pipeline, refusing
from tests.tools.stored import OTHER, SERIES, open_store, put_regular, put_timeseries, readings

START = day_start(date(2026, 1, 1))


@pytest.fixture
def filled(store: Store) -> Store:
    """Written in pieces with checkpoints between, so that the files hold reusable space."""
    for week in range(6):
        for series in (SERIES, OTHER):
            curve = readings(START + timedelta(weeks=week), 336, power_w=300 + week)
            put_regular(store, series, curve)
            put_timeseries(store, series, curve)
        store.connection.client.admin.command("fsync")
    return store


def at(answer: Any, path: Path) -> Any:
    return reduce(lambda part, step: part[step], path, answer)


def run(term: Term | AnswerTerm, store: Store) -> Any:
    database = store.connection.database
    if isinstance(term, AnswerTerm):
        return at(database.command(dict(term.command)), term.path)
    (found,) = database[term.collection].aggregate([*term.pipeline])
    return found[term.field]


def result(query: FigureQuery, store: Store) -> float:
    numbers = [run(term, store) for term in query.terms]
    return float(eval(query.form.format(*numbers)))


def test_every_figure_is_what_its_query_gives(filled: Store) -> None:
    found = compare_sizes(filled)
    assert found.settled
    queries = figure_queries(filled, found)
    one, two = found.regular, found.timeseries
    assert {(each.figure, each.of): each.value for each in queries} == {
        ("readings", one.name): 4032,
        ("readings", two.name): 4032,
        ("data", one.name): one.data_bytes,
        ("data", two.name): two.data_bytes,
        ("data", "saved"): found.saved.data,
        ("storage", one.name): one.storage_bytes,
        ("storage", two.name): two.storage_bytes,
        ("storage", "saved"): found.saved.storage,
        ("indexes", one.name): one.index_bytes,
        ("indexes", two.name): two.index_bytes,
        ("indexes", "saved"): found.saved.index,
        ("total", one.name): one.total_bytes,
        ("total", two.name): two.total_bytes,
        ("total", "saved"): found.saved.total,
        ("reusable", one.name): one.reusable_bytes,
        ("reusable", two.name): two.reusable_bytes,
        ("per reading", one.name): one.bytes_per_reading,
        ("per reading", two.name): two.bytes_per_reading,
        ("buckets", two.name): found.buckets,
    }
    assert one.reusable_bytes > 0
    for query in queries:
        assert result(query, filled) == pytest.approx(query.value, rel=1e-12), query


def test_an_expression_is_its_pipeline(filled: Store) -> None:
    database = 'it"s'
    for query in figure_queries(filled, compare_sizes(filled)):
        text = query.text(database)
        assert text.isascii()
        assert "\n" not in text
        for term in query.terms:
            asked = term.text(database)
            assert asked in text
            assert asked.startswith(f"db.getSiblingDB({json.dumps(database)}).")
            if isinstance(term, Term):
                begin, _, rest = asked.partition(".aggregate(")
                assert begin.endswith(f".getCollection({json.dumps(term.collection)})")
                shown, _, field = rest.rpartition(").toArray()[0].")
                assert json.loads(shown) == [*term.pipeline]
                assert field == term.field


def test_names_of_any_kind_are_asked_for(
    mongod_uri: str, mongo_database_name: str, tmp_path: Any
) -> None:
    names = {"collection": 'a.b "c"', "timeseries_collection": "été"}
    with open_store(mongod_uri, mongo_database_name, tmp_path, **names) as store:
        put_regular(store, SERIES, readings(START, 50))
        put_timeseries(store, SERIES, readings(START, 50))
        found = compare_sizes(store)
        queries = figure_queries(store, found)
        assert {"readings", "data", "buckets"} <= {each.figure for each in queries}
        for query in queries:
            if query.figure in ("readings", "data", "per reading", "buckets"):
                assert result(query, store) == pytest.approx(query.value)
        lines = query_lines(queries, mongo_database_name)
        assert lines[0] == '// readings, a.b "c": 50'
        assert len(lines) == 2 * len(queries)


def test_nothing_is_asked_before_anything_is_stored(store: Store) -> None:
    assert figure_queries(store, compare_sizes(store)) == []


def test_where_explain_is_refused_the_buckets_are_those_of_the_statistics(filled: Store) -> None:
    with refusing(filled, 8000, "explain"):
        found = compare_sizes(filled)
        query = figure_queries(filled, found)[-1]
        assert (query.figure, query.value) == ("buckets", found.buckets)
        assert result(query, filled) == found.buckets


UNPACKED = {"$_internalUnpackBucket": {}, "nReturned": 900}


@pytest.mark.parametrize(
    ("explained", "text"),
    [
        (pipeline(7, UNPACKED), ["stages[0].$cursor.executionStats.nReturned"]),
        (below(9, "GROUP", "UNPACK_TS_BUCKET", "FETCH"),
         ["executionStats.executionStages.inputStage.inputStage.nReturned"]),
        ({"shards": {"a-1": pipeline(2, UNPACKED), "b": pipeline(3, UNPACKED)}},
         ['shards["a-1"].stages[0].$cursor.executionStats.nReturned',
          "shards.b.stages[0].$cursor.executionStats.nReturned"]),
        (pipeline(7), []),
        ({}, []),
    ],
)  # fmt: skip
def test_the_place_in_an_answer_is_told(explained: Mapping[str, Any], text: list[str]) -> None:
    paths = number_paths(explained)
    shown = [AnswerTerm({}, path).text("d").partition("({}).")[2] for path in paths]
    assert shown == text
    if paths:
        assert sum(at(explained, path) for path in paths) == buckets_in(explained)


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
@pytest.mark.skipif(not ANSWERS, reason="the answers are not there")
def test_every_answer_that_was_collected_has_its_place(path: Any) -> None:
    answer = json.loads(path.read_text())["answer"]
    expected, paths = buckets_in(answer), number_paths(answer)
    assert sum(at(answer, each) for each in paths) == (expected or 0)
    assert bool(paths) == bool(expected)
