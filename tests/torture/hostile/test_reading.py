"""Twenty thousand hostile answers, and errors, and tokens: read right or refused, no third way."""

from __future__ import annotations

import base64
import json
import random
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from linky_tui.domain.models import Series
from linky_tui.domain.paris import day_start
from linky_tui.enedis.answers import Answer, parse
from linky_tui.enedis.faults import MAX_AHEAD, ApiFault, ApiFaultKind, classify
from linky_tui.enedis.token import read_token
from linky_tui.errors import ConfigError, LinkyError
from linky_tui.text.formatting import plain, printable
from tests.tools.answers import request
from tests.torture.conftest import Scale
from tests.torture.hostile import pools
from tests.torture.hostile.harmless import assert_harmless, assert_short
from tests.torture.hostile.honest import PRM, some_request
from tests.torture.hostile.mutator import honest_body, hostile_body, hostile_error
from tests.torture.hostile.oracle import Measure, Said, said
from tests.torture.report import Tally

READ = "hostile answer, read and judged"
NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)


def measures(answer: Answer) -> tuple[Measure, ...]:
    """What an answer holds, in the oracle's terms."""
    return (
        *((each.start, each.interval_min, each.power_w) for each in answer.readings),
        *((day_start(each.day), 0, each.energy_wh) for each in answer.totals),
    )


def test_an_answer_is_read_as_what_it_says_or_refused(scale: Scale, tally: Tally) -> None:
    """Our reader and the oracle agree on every day of every answer, to the last reading."""
    rng = scale.random("answers")
    row = tally(READ)
    outcomes: Counter[str] = Counter()
    for _ in range(scale.times(20_000, 100_000)):
        asked = some_request(rng)
        content = hostile_body(asked, rng)
        with row.one_try():
            truth = said(asked, content)
            found: Said | None = None
            try:
                answer = parse(asked, content)
                found = Said(measures(answer), frozenset(answer.spoilt))
                assert_reasons_are_short(answer)
            except ApiFault as fault:
                assert_is_refusal(fault)
            stated = found.measures if found else ()
            row.lost += len(set(truth.measures if truth else ()) - set(stated))
            row.doubled += len(stated) - len({start for start, _, _ in stated})
            assert found == truth, (asked, content)
            for outcome, so in {
                "refused": found is None,
                "read": bool(stated),
                "spoilt": bool(found and found.unclear),
                "spoilt in part": bool(stated and found and found.unclear),
            }.items():
                outcomes[outcome] += so
    # Neither all of one kind: the mutations must hurt, but not kill every answer at once.
    assert min(outcomes["refused"], outcomes["read"], outcomes["spoilt"]) > row.tried // 6, outcomes
    assert outcomes["spoilt in part"] > row.tried // 50, outcomes
    assert (row.lost, row.doubled) == (0, 0)


def test_honest_answers_are_read(scale: Scale) -> None:
    rng = scale.random("honest answers")
    for _ in range(300):
        asked = some_request(rng)
        content = honest_body(asked, rng)
        truth = said(asked, content)
        assert truth is not None, content
        assert not truth.unclear, content
        answer = parse(asked, content)
        assert (measures(answer), answer.problems) == (truth.measures, {}), content


def assert_reasons_are_short(answer: Answer) -> None:
    for why in answer.problems.values():
        assert why
        assert_short(why)


def assert_is_refusal(fault: ApiFault) -> None:
    assert fault.kind is ApiFaultKind.BAD_ANSWER
    assert_short(fault.text)


def assert_token_is_not_in(error: LinkyError, token: str) -> None:
    assert token not in str(error) or len(token) < 3
    assert_harmless(str(error))


def assert_fault_is_harmless(fault: ApiFault, series: Series) -> None:
    """Nothing of an answer reaches a screen but harmless words."""
    assert_short(fault.text)
    assert_short(fault.code, 40)
    assert_harmless(str(fault), allowed="")
    error = fault.to_error(series)
    for text in (error.title, error.cause, error.next_step):
        assert_harmless(text, allowed="")
        assert len(text) < 800


def test_an_error_is_classified_whatever_it_holds(scale: Scale, tally: Tally) -> None:
    rng = scale.random("errors")
    row = tally("hostile error, read and judged")
    kinds: Counter[ApiFaultKind] = Counter()
    for _ in range(scale.times(4_000, 20_000)):
        status, headers, content = hostile_error(rng)
        with row.one_try():
            fault = classify(status, headers, content, NOW)
            kinds[fault.kind] += 1
            assert fault.status == status
            assert fault.is_4xx == (400 <= status < 500)
            assert fault.kind is ApiFaultKind.QUOTA or status != 429
            assert fault.retry_at is None or NOW < fault.retry_at <= NOW + MAX_AHEAD
            assert_fault_is_harmless(fault, Series(PRM))
    assert len(kinds) >= 9, kinds


def jwt_of(header: object, claims: object, rng: random.Random) -> str:
    """A token of any content; some of it is no token at all."""

    def part(content: object) -> str:
        text = content if isinstance(content, str) else json.dumps(content)
        raw = text.encode("utf-8", "surrogatepass")
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    return ".".join([part(header), part(claims), "c2ln"][: rng.choice([3, 3, 3, 3, 2])])


def test_a_token_is_read_or_refused(scale: Scale, tally: Tally) -> None:
    rng = scale.random("tokens")
    row = tally("hostile token, read and judged")
    deep = "[" * 100_000 + "]" * 100_000
    subjects = [[PRM], PRM, [12345678901234], 12345678901234, [10**400], [-1], *pools.PRMS[:12]]
    ends = [0, -1, 1e308, 10**30, -(10**30), 253402300799, 253402300800, -62135596800, "soon", [],
            float("nan"), float("inf"), None, True, 1.5, 1_900_000_000]  # fmt: skip
    algorithms = ["HS256", "none", "RS256", 5, None, [], {}, "\ud800"]
    read = 0
    for _ in range(scale.times(2_000, 10_000)):
        header: object = {"alg": rng.choice(algorithms), "typ": "JWT"}
        claims: object = {"sub": rng.choice(subjects), "exp": rng.choice(ends)}
        if rng.random() < 0.3:
            header = rng.choice([header, deep, {"b64": False}, {"crit": ["x"]}, [], "", "{", 5])
            claims = rng.choice([claims, deep, [], "", "null", '{"sub":NaN}', 5, pools.MANY_DIGITS,
                                 '{"exp":' + pools.MANY_DIGITS + "}"])  # fmt: skip
        token = jwt_of(header, claims, rng)
        if rng.random() < 0.2:
            at = rng.randrange(len(token) or 1)
            token = token[:at] + str(rng.choice(pools.TEXTS)) + token[at + 1 :]
        with row.one_try():
            try:
                info = read_token(token)
            except ConfigError as error:
                assert_token_is_not_in(error, token)
            else:
                read += 1
                assert all(len(prm) == 14 and prm.isascii() and prm.isdigit() for prm in info.prms)
                for text in (*info.problems(PRM, NOW), *info.warnings(NOW)):
                    assert_harmless(text)
                assert info.expires is None or info.expires.tzinfo is UTC
    assert row.tried // 20 < read < row.tried * 19 // 20


@pytest.mark.parametrize("limit", [1, 40, 200])
def test_foreign_texts_become_plain(scale: Scale, limit: int) -> None:
    rng = scale.random("texts")
    characters = "".join(pools.CONTROL) + "a b\n[]\u202e\u0301\u0301" + "".join(pools.UNICODE[:12])
    for number in range(800):
        text = "".join(rng.choice(characters) for _ in range(rng.randrange(60)))
        text = rng.choice(pools.TEXTS) + text if number % 2 else text
        assert_short(plain(text, limit), limit)
        assert plain(plain(text, limit), limit) == plain(text, limit)
        assert_harmless(printable(text))
        assert printable(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    ["<" * 20_000 + ">", "<title" * 3_000, ">" + "<a" * 10_000, "\x1b]" * 10_000, "\x9b0" * 10_000,
     "://" * 7_000, "eyJ" * 7_000, "bearer " * 3_000, "ADAM-ERR012" * 2_000, "e\u0301" * 10_000,
     "\\u001b" * 3_000, "[" * 20_000, '{"a":' * 4_000, '"' * 20_000, "password=" * 2_500],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    """Each search through it is linear, or bounded: ten times the text is not a hundred times."""
    started = time.process_time()
    fields = {"error": {"error": text, "error_description": text, "code": [text] * 30}}
    for content in (text.encode(), json.dumps(fields).encode()):
        fault = classify(400, {"content-type": "text/html"}, content, NOW)
        assert_short(fault.text)
        with pytest.raises(ApiFault):
            parse(request(), content)
    assert time.process_time() - started < 20


def test_errors_are_linky_errors() -> None:
    """Every kind of fault has words for a person."""
    for kind in ApiFaultKind:
        error = ApiFault(kind, 400, "c{prm}ode", "te{when}xt %s").to_error(Series(PRM))
        assert isinstance(error, LinkyError)
        assert_harmless(str(error))
