"""From honest answers to hostile bytes, the same ones for the same seed."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

from linky_tui.enedis.request import DataRequest, Shape
from tests.torture.hostile import pools
from tests.torture.hostile.honest import answer
from tests.torture.hostile.raw_json import Pairs, Raw, emit

Tree = dict[str, Any]
_LABELS = pools.labels()
_LONGEST = 200_000


def hostile_body(request: DataRequest, rng: random.Random) -> bytes:
    """The bytes of one hostile answer to a request; now and then they are honest after all."""
    shape = rng.choice([Shape.NEW, Shape.LEGACY])
    tree = answer(request, shape, rng)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        tree = rng.choice(_TREES)(request, tree, rng)
    body = emit(tree, rng).encode("utf-8", "surrogatepass")
    for _ in range(rng.choice([0, 0, 0, 0, 1, 2])):
        body = rng.choice(_BYTES)(body, rng)
    return body[:_LONGEST]


def honest_body(request: DataRequest, rng: random.Random) -> bytes:
    return emit(answer(request, rng.choice([Shape.NEW, Shape.LEGACY]), rng)).encode()


def hostile_error(rng: random.Random) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer that is no success."""
    status = rng.choice([201, 204, 299, 302, 400, 400, 401, 403, 403, 404, 410, 418, 429, 429, 451,
                         500, 500, 502, 503, 504, 599])  # fmt: skip
    text = rng.choice(pools.TEXTS)
    code = rng.choice(["ADAM-ERR0123", "ADAM-DC-0008", "900804", "900908", "no_data_found",
                       "STM-ERR-0000014", "technical_error", text, 900804, 10**400])  # fmt: skip
    inner: object = {
        rng.choice(["error", "code", "fault"]): code,
        "error_description": text,
        "nextAccessTime": rng.choice(_TIMES),
    }
    if rng.random() < 0.2:
        inner = emit(inner)
    if rng.random() < 0.1:
        inner = {"issues": [{"path": ["type", text]}], "name": "ZodError"}
    tree: Any = {"status": status, "message": rng.choice([_ENVELOPE, text]), "error": inner}
    body = emit(tree, rng).encode("utf-8", "surrogatepass")
    if rng.random() < 0.25:
        page = rng.choice(["<!DOCTYPE html><title>{}</title>", "<html><p>{}", "{}", "<{}>" * 50])
        body = page.replace("{}", text).encode("utf-8", "surrogatepass")
    for _ in range(rng.choice([0, 0, 1, 2])):
        body = rng.choice(_BYTES)(body, rng)
    headers = {
        "Content-Type": rng.choice(["application/json", "text/html", "application/problem+json"]),
        "Retry-After": rng.choice(_RETRIES),
    }
    return status, headers, body[:_LONGEST]


_ENVELOPE = "The Enedis API returned an error"
_TIMES: tuple[object, ...] = (
    "2026-Nov-22 18:00:00+0000 UTC", "2026-11-22T18:00:00Z", "2026-Foo-22 18:00:00+0000 UTC",
    "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-11-22T18:00:00+99:99", "", 0,
    "2026-Nov-99 99:99:99+0000 UTC", "٢٠٢٦-Nov-22 18:00:00+0000 UTC", "\ud800", None, 10**400,
    "2026-11-22T18:00:00", "2026-W47", "20261122", "2026-Nov-22 24:00:00+0000 UTC",
)  # fmt: skip
_RETRIES = (
    "0", "1", "30", "-1", "999999", "1000000", "9" * 5000, "1e3", "1.5", "nan", "inf", "", " 5 ",
    "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 99 Foo 99999 99:99:99 GMT", "Mon, 01 Jan 0000 00:00:00",
    "Fri, 31 Dec 9999 23:59:59 -1200", "Fri, 31 Dec 9999 23:59:59 +9999", "\xb2", "()", "a,b;c",
    "1 Jan 1 0:0 +99999999999999999999", "Sun, 22 Nov 2026 18:00:00 -0000", "\x9b31m", "5, 6",
)  # fmt: skip


# Changes of the tree


def _points_of(tree: Any) -> list[Any]:
    """The points that the answer is about, whatever it has become; an empty list where none is."""
    try:
        holder = tree.get("meter_reading", tree)
        points = holder.get("interval_reading")
        if points is None:
            points = tree["grandeur"][-1]["points"]
    except (AttributeError, KeyError, IndexError, TypeError):
        return []
    return points if isinstance(points, list) else []


def _some_field(names: tuple[str, str], values: tuple[object, ...]) -> _TreeChange:
    def change(request: DataRequest, tree: Tree, rng: random.Random) -> Tree:
        if points := [point for point in _points_of(tree) if isinstance(point, dict)]:
            chosen = points if rng.random() < 0.1 else [rng.choice(points)]
            value = rng.choice(values)
            for point in chosen:
                name = names[0] if names[0] in point else names[1]
                point[name] = copy.deepcopy(value)
        return tree

    return change


def _near_label(request: DataRequest, tree: Tree, rng: random.Random) -> Tree:
    """A label of the window itself, in a form or at a place where it should not be."""
    if points := [point for point in _points_of(tree) if isinstance(point, dict)]:
        point = rng.choice(points)
        day = request.first if rng.random() < 0.8 else request.end
        hour = rng.choice([0, 1, 2, 2, 2, 3, 23, 24])
        text = f"{day}{rng.choice(' T')}{hour:02d}:{rng.choice([0, 30, 45])!s:0>2}:00"
        text += rng.choice(["", "", "", "", "+01:00", "+02:00", "Z", ".000"])
        point["d" if "d" in point else "date"] = text
    return tree


def _order(request: DataRequest, tree: Tree, rng: random.Random) -> Tree:
    points = _points_of(tree)
    if points:
        how = rng.randrange(5)
        if how == 0:
            rng.shuffle(points)
        elif how == 1:
            points.reverse()
        elif how == 2:
            points.insert(rng.randrange(len(points) + 1), copy.deepcopy(rng.choice(points)))
        elif how == 3:
            points += copy.deepcopy(points)
        else:
            del points[rng.randrange(len(points))]
    return tree


def _conflict(request: DataRequest, tree: Tree, rng: random.Random) -> Tree:
    """The same point once more, with one field changed."""
    if points := [point for point in _points_of(tree) if isinstance(point, dict)]:
        point = copy.deepcopy(rng.choice(points))
        name = rng.choice(list(point) or ["v"])
        pool = {"v": pools.VALUES, "value": pools.VALUES, "p": pools.STEPS, "d": _LABELS}
        point[name] = rng.choice(pool.get(name, pools.VALUES))
        _points_of(tree).insert(rng.randrange(len(points) + 1), point)
    return tree


def _head(request: DataRequest, tree: Tree, rng: random.Random) -> Tree:
    """What stands before the points: meter, unit, quantity, period."""
    grandeur = tree.get("grandeur")
    entries = [e for e in grandeur if isinstance(e, dict)] if isinstance(grandeur, list) else []
    kind = tree.get("reading_type")
    places: list[tuple[Tree, str, tuple[object, ...]]] = [
        (tree, "idPrm" if "grandeur" in tree else "usage_point_id", pools.PRMS),
        (tree, rng.choice(["idPrm", "usage_point_id"]), pools.PRMS),
        (tree, rng.choice(["pas", "reading_type", "periode", "quality"]), pools.WORDS),
    ]
    for entry in entries:
        places.append((entry, rng.choice(["grandeurMetier", "grandeurPhysique"]), pools.WORDS))
        places.append((entry, "unite", pools.UNITS))
        places.append((entry, "pas", pools.WORDS))
    if isinstance(kind, dict):
        places.append((kind, "unit", pools.UNITS))
        places.append((kind, "measuring_period", pools.WORDS))
    holder, name, values = rng.choice(places)
    holder[name] = copy.deepcopy(rng.choice(values))
    return tree


def _both_shapes(request: DataRequest, tree: Tree, rng: random.Random) -> Tree:
    """Keys of the other generation beside the own ones."""
    other = answer(request, rng.choice([Shape.NEW, Shape.LEGACY]), rng)
    how = rng.randrange(4)
    if how == 0:
        return {**other, **tree}
    if how == 1:
        return {**tree, "meter_reading": other}
    if how == 2 and isinstance(tree.get("grandeur"), list) and "grandeur" in other:
        return {**tree, "grandeur": [*tree["grandeur"], *other["grandeur"]]}
    name = rng.choice(list(other))
    return {**tree, name: other[name]}


def _twice(request: DataRequest, tree: Tree, rng: random.Random) -> Tree:
    """A key that occurs twice in one object, mostly in a point."""
    points = _points_of(tree)
    places = [at for at, point in enumerate(points) if isinstance(point, dict) and point]
    if not places or rng.random() < 0.2:
        name = rng.choice(list(tree) or ["v"])
        return _as_dict(Pairs([*tree.items(), (name, copy.deepcopy(tree.get(name)))]))
    at = rng.choice(places)
    name = rng.choice(list(points[at]))
    value = points[at][name] if rng.random() < 0.3 else rng.choice(pools.VALUES)
    points[at] = Pairs([*points[at].items(), (name, value)])
    return tree


def _as_dict(pairs: Pairs) -> Tree:
    """Pairs as the only thing under a key that ``emit`` writes out again: the whole answer."""
    return _Whole(pairs)


class _Whole(dict[str, Any]):
    """An answer one of whose keys occurs twice; further changes apply to its first form."""

    def __init__(self, pairs: Pairs) -> None:
        super().__init__(pairs)
        self.doubled = pairs[-1]

    def items(self) -> Any:
        return [*super().items(), self.doubled]


def _anything(request: DataRequest, tree: Tree, rng: random.Random) -> Tree:
    nodes: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            nodes.extend((node, key) for key in node)
            for item in node.values():
                walk(item)
        elif isinstance(node, list) and not isinstance(node, Pairs):
            nodes.extend((node, key) for key in range(len(node)))
            for item in node:
                walk(item)

    walk(tree)
    if nodes:
        holder, key = rng.choice(nodes)
        pool = rng.choice([pools.VALUES, pools.TEXTS, pools.WORDS, _LABELS])
        if isinstance(holder, dict) and rng.random() < 0.3:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(rng.choice(pool))
    return tree


def _extra_key(request: DataRequest, tree: Tree, rng: random.Random) -> Tree:
    holders = [tree, *(point for point in _points_of(tree) if isinstance(point, dict))]
    rng.choice(holders)[rng.choice(pools.KEYS)] = rng.choice((*pools.VALUES, *pools.TEXTS))
    return tree


def _deep(request: DataRequest, tree: Tree, rng: random.Random) -> Tree:
    depth = rng.choice([3, 50, 400, 990, 1200, 20_000])
    opening, closing = rng.choice([("[", "]"), ('{"v":', "}")])
    core = rng.choice(["1", "", '"x"']) if opening == "[" else "1"
    tree[rng.choice(pools.KEYS)] = Raw(opening * depth + core + closing * depth)
    return tree


_TreeChange = Callable[[DataRequest, Tree, random.Random], Tree]
_TREES: tuple[_TreeChange, ...] = (
    _some_field(("v", "value"), pools.VALUES),
    _some_field(("v", "value"), pools.VALUES),
    _some_field(("v", "value"), pools.TEXTS),
    _some_field(("p", "interval_length"), pools.STEPS),
    _some_field(("d", "date"), _LABELS),
    _some_field(("n", "measure_type"), pools.TEXTS),
    _some_field(("iv", "ec"), pools.VALUES),
    _near_label,
    _near_label,
    _order,
    _order,
    _conflict,
    _head,
    _head,
    _both_shapes,
    _twice,
    _anything,
    _extra_key,
    _deep,
)


# Changes of the bytes


def _flip(body: bytes, rng: random.Random) -> bytes:
    if not body:
        return body
    changed = bytearray(body)
    for _ in range(rng.choice([1, 1, 2, 8])):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(body: bytes, rng: random.Random) -> bytes:
    return body[: rng.randrange(len(body) + 1)]


def _splice(body: bytes, rng: random.Random) -> bytes:
    if not body:
        return body
    start, end = sorted(rng.randrange(len(body)) for _ in range(2))
    at = rng.randrange(len(body))
    return (
        body[:at] + body[start:end] + body[at:] if rng.random() < 0.5 else body[:start] + body[end:]
    )


def _other_digit(body: bytes, rng: random.Random) -> bytes:
    places = [at for at, byte in enumerate(body[:4000]) if 0x30 <= byte <= 0x39]
    if not places:
        return body
    changed = bytearray(body)
    for _ in range(rng.choice([1, 1, 3])):
        changed[rng.choice(places)] = rng.choice(b"0123456789-.eE+")
    return bytes(changed)


def _insert(body: bytes, rng: random.Random) -> bytes:
    piece = rng.choice([b"\x00", b"\xef\xbb\xbf", b"\x1b[31m", b"\xff\xfe", b"\xed\xa0\x80",
                        b"\xc0\x80", b"\xc2\x9b", b"//x\n", b"/*x*/", b",", b"\\", b'"',
                        b"\xe2\x80\xa8"])  # fmt: skip
    at = rng.choice([0, len(body), rng.randrange(len(body) + 1)])
    return body[:at] + piece + body[at:]


def _encoding(body: bytes, rng: random.Random) -> bytes:
    text = body.decode("utf-8", "replace")
    name = rng.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-7", "cp037",
                       "utf-8-sig"])  # fmt: skip
    return text.encode(name, "replace")


def _wrap(body: bytes, rng: random.Random) -> bytes:
    before, after = rng.choice([
        (b"[", b"]"), (b'{"meter_reading":', b"}"), (b'{"data":', b"}"), (b"", b"{}"), (b"", body),
        (b")]}',\n", b""), (b"callback(", b")"), (b'"', b'"'), (b" " * 5000, b"\n" * 5000),
        (b"[" * 1500, b"]" * 1500), (b"<!--", b"-->"), (b"", b"\x00" * 100),
    ])  # fmt: skip
    return before + body + after


_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _flip, _cut, _splice, *[_other_digit] * 3, _insert, _encoding, _wrap,
)  # fmt: skip
