"""What another hand may do to the collections, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from linky_tui.domain.models import Reading
from tests.tools.gateway import PRM
from tests.torture.database import by_hand
from tests.torture.database.by_hand import OLD, RECENT, TRUTH, Case, Document, Hand, document, meter

ADDED = by_hand.new_reading()
STRANGER = "55555555555555"


def both_lose(hand: Hand, readings: list[Reading]) -> None:
    hand.forget(readings, hand.regular, hand.timeseries)


def equal_numbers(hand: Hand) -> None:
    hand.forget([*RECENT[10:14], OLD[3]], hand.regular)
    hand.forget([*RECENT[100:103], *OLD[20:22]], hand.timeseries)


def cross(hand: Hand) -> None:
    hand.add(hand.timeseries, *(document(each) for each in RECENT[:3]))
    hand.forget(OLD[5:8], hand.timeseries)


def change_both(hand: Hand) -> None:
    for collection in (hand.regular, hand.timeseries):
        hand.power(collection, RECENT[40], 9000)


def change_old(hand: Hand) -> None:
    hand.power(hand.regular, OLD[40], 9000)


def forget_days(hand: Hand) -> None:
    hand.days.delete_many({"_id.day": {"$regex": "^2024-09|3$"}})


def drop_index(hand: Hand) -> None:
    hand.regular.drop_indexes()
    hand.timeseries.drop_indexes()


CASES = [
    Case("time series collection dropped", lambda hand: hand.drop(hand.timeseries)),
    Case("regular collection dropped", lambda hand: hand.drop(hand.regular)),
    Case("regular collection emptied", lambda hand: hand.forget(TRUTH, hand.regular)),
    Case("time series collection emptied", lambda hand: hand.forget(TRUTH, hand.timeseries)),
    Case(
        "both collections dropped",
        lambda hand: hand.drop(hand.regular, hand.timeseries),
        gone=tuple(OLD),
        said="Readings are gone",
        repairs=False,
    ),
    Case("ledger of days dropped", lambda hand: hand.drop(hand.days), repairs=False),
    Case("some days of the ledger deleted", forget_days, repairs=False),
    Case("leases dropped", lambda hand: hand.drop(hand.leases)),
    Case(
        "ledger, leases and a collection dropped",
        lambda hand: hand.drop(hand.days, hand.leases, hand.regular),
        repairs=False,
    ),
    Case("indexes dropped", drop_index),
    Case(
        "deleted from the time series collection",
        lambda hand: hand.forget([*OLD[7:9], *RECENT[5:90]], hand.timeseries),
    ),
    Case(
        "deleted from the regular collection",
        lambda hand: hand.forget([*OLD[7:9], *RECENT[5:90]], hand.regular),
    ),
    Case(
        "the same deleted from both", lambda hand: both_lose(hand, RECENT[100:300]), repairs=False
    ),
    Case(
        "the same deleted from both, too old to ask again",
        lambda hand: both_lose(hand, OLD[10:30]),
        gone=tuple(OLD[10:30]),
        said="Readings are gone",
        repairs=False,
    ),
    Case("equally many deleted from both, others", equal_numbers),
    Case(
        "doubled in the time series collection",
        lambda hand: hand.add(hand.timeseries, *(document(each) for each in [*OLD, *RECENT[:9]])),
    ),
    Case("some doubled, equally many deleted", cross),
    Case(
        "added to the time series collection",
        lambda hand: hand.add(hand.timeseries, document(ADDED)),
        extra=(ADDED,),
    ),
    Case(
        "added to the regular collection",
        lambda hand: hand.add(hand.regular, document(ADDED)),
        extra=(ADDED,),
    ),
    Case(
        "a value changed in the regular collection",
        lambda hand: hand.power(hand.regular, RECENT[40], 9000),
        late=True,
        repairs=False,
    ),
    # The regular collection wins, and Enedis has nothing to say against it any more.
    Case(
        "a value changed in the regular collection, too old to ask again",
        change_old,
        late=True,
        extra=(replace(OLD[40], power_w=9000),),
        gone=(OLD[40],),
    ),
    Case(
        "a value changed in the time series collection",
        lambda hand: hand.power(hand.timeseries, OLD[40], 9000),
    ),
    Case("a value changed in both", change_both, repairs=False),
    Case(
        "another value beside the right one",
        lambda hand: hand.add(hand.timeseries, document(RECENT[40], power_w=9000)),
    ),
]

FOREIGN: dict[str, dict[str, Any]] = {
    "other fields": {"timestamp": ADDED.start, "temperature": 21.5},
    "no meter": document(ADDED, meter=None),
    "meter is a text": document(ADDED, meter="mine"),
    "power is a text": document(ADDED, power_w="300"),
    "power is a double": document(RECENT[3], power_w=300.5),
    "no power": document(ADDED, power_w=None),
    "an unknown field": document(ADDED, colour="blue"),
    "an unknown field of the meter": document(ADDED, meter=meter(colour="blue")),
    "interval is a double": document(ADDED, meter=meter(interval_min=30.0)),
    "an unknown flow": document(ADDED, meter=meter(flow="sideways")),
}


SPOILT: dict[str, tuple[Document, Document]] = {
    "consumption_days": ({"_id.day": "2026-10-20"}, {"readings": "48"}),
    "consumption_leases": ({"_id.prm": PRM}, {"curve_from": "soon"}),
    "consumption_requests": ({}, {"requests": "many"}),
}
