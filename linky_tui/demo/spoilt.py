"""Good answers made bad: what an answer with data can have wrong inside."""

from __future__ import annotations

from datetime import date, timedelta

from linky_tui.demo.faults import FaultKind
from linky_tui.demo.payloads import Payload, Point, points_of

ANOTHER_PRM = "99999999999999"
_VALUES: dict[FaultKind, str | None] = {
    FaultKind.MALFORMED_VALUE: "12.5e",
    FaultKind.NEGATIVE_VALUE: "-8",
    FaultKind.HUGE_VALUE: "1000002",
}


def spoil(kind: FaultKind, payload: Payload, day: date | None = None) -> None:
    """Change an answer of either shape in place; kinds that are no business of the content pass.

    The one point that some kinds change is the first, or the first of ``day`` where it has any.
    """
    points = points_of(payload)
    value = "value" if "value" in points[0] else "v"
    when = "date" if "date" in points[0] else "d"
    first = 0 if day is None else _first_of(day, [point[when] or "" for point in points])
    if kind in _VALUES:
        points[first][value] = _VALUES[kind]
    elif kind is FaultKind.MALFORMED_LABEL:
        points[first][when] = "00:30"
    elif kind is FaultKind.NULLS:
        _all(points, value, None)
    elif kind is FaultKind.EMPTY_VALUES:
        _all(points, value, "")
    elif kind is FaultKind.NO_POINTS:
        points.clear()
    elif kind is FaultKind.WRONG_PRM:
        payload["usage_point_id" if "usage_point_id" in payload else "idPrm"] = ANOTHER_PRM
    elif kind is FaultKind.OUTSIDE_WINDOW:
        points.append({**points[-1], when: _after(payload, points[-1][when] or "")})
    elif kind is FaultKind.REPEATED_SAME:
        points.insert(first + 1, dict(points[first]))
    elif kind is FaultKind.REPEATED_OTHER:
        other = str(int(points[first][value] or 0) + 2)
        points.insert(first + 1, {**points[first], value: other})
    elif kind is FaultKind.UNSORTED:
        points.reverse()
    elif kind is FaultKind.T_LABELS:
        for point in points:
            point[when] = (point[when] or "").replace(" ", "T")
    elif kind is FaultKind.NO_READING_TYPE:
        payload.pop("reading_type", None)
    elif kind is FaultKind.OTHER_GRANDEUR_FIRST:
        _put_another_grandeur_first(payload)


def _first_of(day: date, labels: list[str]) -> int:
    # A curve is labelled by its ends: midnight belongs to the day before.
    own = (place for place, label in enumerate(labels) if label.startswith(str(day)))
    return next((place for place in own if not labels[place].endswith(" 00:00:00")), 0)


def _all(points: list[Point], key: str, value: str | None) -> None:
    for point in points:
        point[key] = value


def _after(payload: Payload, label: str) -> str:
    """The label moved to the day after the end of what was asked."""
    period = payload.get("periode")
    end = period["dateFin"] if isinstance(period, dict) else payload["end"]
    day = date.fromisoformat(str(end)) + timedelta(days=1)
    return day.isoformat() + label[10:]


def _put_another_grandeur_first(payload: Payload) -> None:
    grandeur = payload.get("grandeur")
    if not isinstance(grandeur, list):
        return
    own = grandeur[0]
    other = "PROD" if own["grandeurMetier"] == "CONS" else "CONS"
    points = [{**point, "v": "0"} for point in own["points"]]
    payload["grandeur"] = [{**own, "grandeurMetier": other, "points": points}, own]
