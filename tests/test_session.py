"""Meters are completed from their tokens, and a token that cannot work spares the request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linky_tui.config import Config, EnedisSettings, Meter
from linky_tui.errors import ConfigError, TokenRefused
from linky_tui.session import ready_meters
from tests.tools.tokens import token

PRM, OTHER = "12345678902823", "98765432101234"
LOOPBACK = EnedisSettings(api_url="http://127.0.0.1:8080/api")


def test_meters_are_completed_from_their_tokens() -> None:
    config = Config(meters=(Meter(prm="", token=token(sub=[PRM])),))
    assert [meter.series.prm for meter in ready_meters(config)] == [PRM]
    two = Config(meters=(Meter(prm="", token=token(sub=[PRM, OTHER])),))
    with pytest.raises(ConfigError, match="2 meters"):
        ready_meters(two)
    both = Config(meters=(Meter(prm=OTHER, token=token(sub=[PRM, OTHER])),))
    assert ready_meters(both)[0].problem is None


def test_a_token_that_cannot_work_is_a_problem_of_its_meter_alone() -> None:
    wrong = Meter(prm=OTHER, token=token(sub=[PRM], exp=1))
    fine = Meter(prm=PRM, token=token(sub=[PRM]))
    ready = ready_meters(Config(meters=(wrong, fine)))
    problem = ready[0].problem
    assert isinstance(problem, TokenRefused)
    assert "does not cover" in problem.cause
    assert "expired" in problem.cause
    assert OTHER not in str(problem)
    assert wrong.token not in str(problem)
    assert wrong.token not in repr(ready)
    assert ready[1].problem is None


def test_a_token_of_another_meter_says_so() -> None:
    """Most often the PRM is mistyped: a new token would not help."""
    (ready,) = ready_meters(Config(meters=(Meter(prm=OTHER, token=token(sub=[PRM])),)))
    assert isinstance(ready.problem, TokenRefused)
    assert ready.problem.title == "The token is for another meter"
    assert "98········1234, only 12········2823" in ready.problem.cause
    assert "Correct the PRM" in ready.problem.next_step


def test_a_gateway_on_loopback_may_have_tokens_of_its_own() -> None:
    config = Config(meters=(Meter(prm=PRM, token="own.kind.token"),))
    assert isinstance(ready_meters(config)[0].problem, ConfigError)
    assert ready_meters(replace(config, enedis=LOOPBACK))[0].problem is None
