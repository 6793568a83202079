"""The questions that the charts ask, for each layout as it answers them best.

Regular and time series collections hold the same documents, so they get the same pipelines. Day
documents have their own; where an array has to be taken apart it is, in the server.
Answers are brought into one form, whole numbers throughout, so that they can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from linky_tui.domain.laboratory import Layout
from linky_tui.domain.models import Series
from linky_tui.domain.paris import PARIS, day_bounds
from linky_tui.storage.collections.documents import Document, series_filter, window_filter
from linky_tui.storage.lab.fills import DAY_FIELD

Answer: TypeAlias = list[tuple[Any, ...]]
Pipeline: TypeAlias = list[Document]
_Rows: TypeAlias = Iterable[Mapping[str, Any]]

_BASE_HOURS = (1, 2, 3, 4)
_ZONE = PARIS.key
_WATT_MINUTES: Document = {"$multiply": ["$power_w", "$meter.interval_min"]}
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in terms of MongoDB."""

    text: str
    of_readings: Pipeline  # for regular and time series collections
    of_days: Pipeline  # for day documents
    answer: Callable[[_Rows], Answer]
    answer_of_days: Callable[[_Rows], Answer]

    def pipeline(self, layout: Layout) -> Pipeline:
        """What a layout is asked."""
        return self.of_days if layout is Layout.DAYS else self.of_readings

    def answered(self, layout: Layout, rows: _Rows) -> Answer:
        """Its answer in the common form."""
        return (self.answer_of_days if layout is Layout.DAYS else self.answer)(rows)


def questions(series: Series, day: date) -> tuple[Asked, ...]:
    """All questions about a series; the curve is that of ``day``."""
    match = {"$match": series_filter(series)}
    apart = [match, *_taken_apart()]
    day_start, day_end = day_bounds(day)
    one_day = {**series_filter(series), DAY_FIELD: {"$gte": day_start, "$lt": day_end}}
    return (
        Asked(
            "a day's curve",
            [
                {"$match": window_filter(series, day_start, day_end)},
                {"$project": {"_id": 0, "timestamp": 1, "power_w": 1}},
            ],
            [{"$match": one_day}],
            lambda rows: sorted((_ms(row["timestamp"]), row["power_w"]) for row in rows),
            lambda rows: sorted(place for row in rows for place in _places(row)),
        ),
        Asked(
            "daily energy of all days",
            [match, {"$group": {"_id": _day("$timestamp"), "n": {"$sum": _WATT_MINUTES}}}],
            [
                match,
                {
                    "$group": {
                        "_id": f"${DAY_FIELD}",
                        "n": {"$sum": {"$multiply": [{"$sum": "$power_w"}, "$meter.interval_min"]}},
                    }
                },
            ],
            _by_day,
            _by_day,
        ),
        Asked(
            "month by hour",
            [match, _month_by_hour()],
            [*apart, _month_by_hour()],
            _by_hour,
            _by_hour,
        ),
        Asked(
            "peak of each day",
            [match, {"$group": {"_id": _day("$timestamp"), "n": {"$max": "$power_w"}}}],
            [match, {"$group": {"_id": f"${DAY_FIELD}", "n": {"$max": {"$max": "$power_w"}}}}],
            _by_day,
            _by_day,
        ),
        Asked(
            "base load",
            [match, *_base_load()],
            [*apart, *_base_load()],
            _fifth_percentile,
            _fifth_percentile,
        ),
        Asked(
            "latest reading of every meter",
            [
                {"$sort": {"meter.prm": -1, "meter.flow": -1, "timestamp": -1}},
                {
                    "$group": {
                        "_id": "$meter.prm",
                        "at": {"$first": "$timestamp"},
                        "power_w": {"$first": "$power_w"},
                    }
                },
            ],
            [
                {"$sort": {"meter.prm": -1, "meter.flow": -1, DAY_FIELD: -1}},
                # Two of them where the interval changed on the last day.
                {"$group": {"_id": "$meter.prm", "days": {"$firstN": {"input": "$$ROOT", "n": 2}}}},
            ],
            lambda rows: sorted((row["_id"], _ms(row["at"]), row["power_w"]) for row in rows),
            lambda rows: sorted(
                (row["_id"], *max(place for day in row["days"] for place in _places(day)))
                for row in rows
            ),
        ),
        Asked(
            "number of readings of every meter",
            [{"$group": {"_id": "$meter.prm", "n": {"$sum": 1}}}],
            [
                {
                    "$group": {
                        "_id": "$meter.prm",
                        "n": {
                            "$sum": {
                                "$size": {
                                    "$filter": {
                                        "input": "$power_w",
                                        "cond": {"$ne": ["$$this", None]},
                                    }
                                }
                            }
                        },
                    }
                }
            ],
            _by_meter,
            _by_meter,
        ),
        Asked(
            "lowest and highest power of every meter",
            [
                {
                    "$group": {
                        "_id": "$meter.prm",
                        "low": {"$min": "$power_w"},
                        "high": {"$max": "$power_w"},
                    }
                }
            ],
            [
                {
                    "$group": {
                        "_id": "$meter.prm",
                        "low": {"$min": {"$min": "$power_w"}},
                        "high": {"$max": {"$max": "$power_w"}},
                    }
                }
            ],
            _extremes,
            _extremes,
        ),
    )


def _day(field: str) -> Document:
    return {"$dateTrunc": {"date": field, "unit": "day", "timezone": _ZONE}}


def _hour(field: str) -> Document:
    return {"$hour": {"date": field, "timezone": _ZONE}}


def _taken_apart() -> Pipeline:
    """Day documents as readings."""
    passed_ms = {"$multiply": ["$place", "$meter.interval_min", _MINUTE_MS]}
    return [
        {"$unwind": {"path": "$power_w", "includeArrayIndex": "place"}},
        {"$match": {"power_w": {"$ne": None}}},
        {"$set": {"timestamp": {"$add": [f"${DAY_FIELD}", passed_ms]}}},
    ]


def _month_by_hour() -> Document:
    month = {"$dateTrunc": {"date": "$timestamp", "unit": "month", "timezone": _ZONE}}
    return {
        "$group": {
            "_id": {"month": month, "hour": _hour("$timestamp")},
            "energy": {"$sum": _WATT_MINUTES},
            "minutes": {"$sum": "$meter.interval_min"},
        }
    }


def _base_load() -> Pipeline:
    """For how long which power was drawn between 1:00 and 5:00."""
    return [
        {"$match": {"$expr": {"$in": [_hour("$timestamp"), list(_BASE_HOURS)]}}},
        {"$group": {"_id": "$power_w", "minutes": {"$sum": "$meter.interval_min"}}},
    ]


def _places(row: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Start and watts of each reading of a day document."""
    start, step = _ms(row[DAY_FIELD]), row["meter"]["interval_min"] * _MINUTE_MS
    watts: Sequence[int | None] = row["power_w"]
    return [(start + place * step, each) for place, each in enumerate(watts) if each is not None]


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _by_day(rows: _Rows) -> Answer:
    return sorted((_ms(row["_id"]), row["n"]) for row in rows)


def _by_hour(rows: _Rows) -> Answer:
    return sorted(
        (_ms(row["_id"]["month"]), row["_id"]["hour"], row["energy"], row["minutes"])
        for row in rows
    )


def _fifth_percentile(rows: _Rows) -> Answer:
    minutes = sorted((row["_id"], row["minutes"]) for row in rows)
    left = 0.05 * sum(each for _, each in minutes)
    for power_w, each in minutes:
        left -= each
        if left <= 0:
            return [(power_w,)]
    return []


def _by_meter(rows: _Rows) -> Answer:
    return sorted((row["_id"], row["n"]) for row in rows)


def _extremes(rows: _Rows) -> Answer:
    return sorted((row["_id"], row["low"], row["high"]) for row in rows)
