"""Killed between its writes: storing, rebuilding, correcting, counting (issue 4, part 1)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from linky_tui.domain.models import Reading
from linky_tui.domain.paris import ONE_DAY
from linky_tui.storage.repair import rebuild
from tests.tools.altered import values_in
from tests.tools.gateway import SERIES, Gate
from tests.tools.program import Done
from tests.torture import histories
from tests.torture.conftest import Scale
from tests.torture.histories import History
from tests.torture.killed.killing import SYNC, Killing, killing
from tests.torture.report import Tally

SMALL_BATCHES = values_in(rebuild, FILL_BATCH=200)
"""So that a rebuild of a few weeks fills in several steps."""
BETWEEN_THE_COLLECTIONS = ("after insert consumption", "insert consumptionTS")
REBUILDING = (
    *("drop consumptionTS", "after drop consumptionTS", "create consumptionTS"),
    *("after create consumptionTS", "createIndexes consumptionTS"),
)
CORRECTING = (
    *("update consumption", "after update consumption", "insert consumption"),
    *("after insert consumption", "insert consumptionTS", "after insert consumptionTS"),
    *("update consumption_days", "after update consumption_days", "drop consumptionTS"),
    *("after drop consumptionTS", "after create consumptionTS"),
)


def test_between_the_two_collections(short_tmp_path: Path, tally: Tally, scale: Scale) -> None:
    row = tally("killed between the two collections")
    chance = scale.random("collections")
    makers = [histories.clock_change, histories.spring, histories.with_a_gap]
    for number in range(scale.times(1, 13)):
        with killing(short_tmp_path, makers[number % 3](), row) as home:
            for kill in range(scale.times(2, 4)):
                # Each may use up a window or two, and the last one needs one as well.
                window = chance.choice([1, 2]) if kill == 0 else 1
                home.kill_at(chance.choice(BETWEEN_THE_COLLECTIONS), window)
            home.finish()


def test_before_any_write(short_tmp_path: Path, tally: Tally, scale: Scale) -> None:
    row = tally("killed before a write to MongoDB")
    chance = scale.random("write")
    for _ in range(scale.times(1, 13)):
        with killing(short_tmp_path, histories.with_a_gap(), row) as home:
            for most in (30, 15, 10, 8)[: scale.times(2, 4)]:
                power = scale.long and chance.random() < 0.3
                home.kill_at("write", chance.randint(1, most), power=power)
            home.finish()


def test_with_a_request_counted_or_under_way(
    short_tmp_path: Path, tally: Tally, scale: Scale
) -> None:
    row = tally("killed with a request under way")
    chance = scale.random("request")
    for _ in range(scale.times(1, 8)):
        history = histories.half_hourly()
        source = history.sources[SERIES]
        assert isinstance(source, Gate)
        with killing(short_tmp_path, history, row) as home:
            home.kill_at("http.client.send", chance.randint(1, 4))
            if scale.long:
                home.kill_at("findAndModify consumption_requests", 1)
                home.kill_at("after findAndModify consumption_requests", 1)
            home.kill_while_asking(source)
            home.finish()


def test_during_a_rebuild(short_tmp_path: Path, tally: Tally, scale: Scale) -> None:
    row = tally("killed during a rebuild")
    chance = scale.random("rebuild")
    for _ in range(scale.times(1, 11)):
        with killing(short_tmp_path, histories.with_a_gap(), row) as home:
            # Once begun, it is the first thing that the next run does.
            home.kill_at(*begun_to_rebuild(chance), values=SMALL_BATCHES)
            for _ in range(scale.times(2, 3)):
                moment, number = in_the_fill(chance)
                # A collection that is only half filled may be filled instead of made anew.
                filling = moment not in REBUILDING
                home.kill_at(moment, number, values=SMALL_BATCHES, sure=filling)
            home.finish()


def begun_to_rebuild(chance: random.Random) -> tuple[str, int]:
    """A moment of the first rebuild, when all windows have been stored."""
    return chance.choice(REBUILDING), 1


def in_the_fill(chance: random.Random) -> tuple[str, int]:
    """A moment of a rebuild that another one left unfinished."""
    if chance.random() < 0.2:
        return chance.choice(REBUILDING), 1
    return chance.choice(["insert consumptionTS", "after insert consumptionTS"]), chance.randint(
        1, 5
    )


def test_during_a_correction(short_tmp_path: Path, tally: Tally, scale: Scale) -> None:
    row = tally("killed during a correction")
    chance = scale.random("correction")
    for _ in range(scale.times(1, 2)):
        history = histories.travelling()
        with killing(short_tmp_path, history, row) as home:
            assert home.run().code == 0
            for day in range(scale.times(1, 10)):
                home.begin_again()
                history.tomorrow()
                correct(history, chance, None if not day else bool(day % 2))
                # First where the new day is stored, and so would not be asked again.
                moment = chance.choice(CORRECTING) if day else CORRECTING[3]
                home.kill_at(moment, 1, *SYNC)
                if scale.long:
                    # The one before may have left less to do.
                    home.kill_at(chance.choice(CORRECTING), 1, *SYNC, sure=False)
                home.finish(*SYNC, certified=False)
            before_a_new_day(home)


def before_a_new_day(home: Killing) -> None:
    """Nothing is inserted: the number of readings does not tell that the ledger is behind."""
    history = home.history
    source = history.sources[SERIES]
    home.begin_again()
    history.tomorrow()
    source.remove(history.yesterday, history.yesterday)
    one = source.curve(history.yesterday - ONE_DAY, history.yesterday)[3]
    source.correct(one.start, one.power_w + 60)
    home.kill_at("after update consumption", 1, *SYNC)
    home.finish(certified=False)


def correct(history: History, chance: random.Random, shorter: bool | None) -> None:
    """Enedis corrects a power of the last two days, and the step of an hour.

    ``shorter``: one hour becomes two half hours; or the other way round; or neither.
    """
    source = history.sources[SERIES]
    first, end = history.today - timedelta(days=3), history.yesterday
    half = timedelta(minutes=30)
    before = source.curve(first, end)
    one = chance.choice(before)
    source.correct(one.start, one.power_w + 60)
    before = source.curve(first, end)
    if shorter is None:
        return
    if shorter:
        hour = chance.choice([each for each in before if each.interval_min == 60])
        second = Reading(hour.start + half, 30, hour.power_w + 200)
        source.put([replace(hour, interval_min=30), second])
        return
    second_halves = {each.start for each in before if each.start.minute == 30}
    source.remove(first, end - ONE_DAY)
    source.put(
        replace(each, interval_min=60) if each.start + half in second_halves else each
        for each in before
        if each.start not in second_halves
    )


def test_while_a_damaged_budget_is_replaced(
    short_tmp_path: Path, tally: Tally, scale: Scale
) -> None:
    """A count that was lost is no count of zero, even if its successor was not finished."""
    row = tally("killed while the count is replaced")
    moments = ("rename requests.sqlite", "rename requests.sqlite.new")
    for moment in moments if scale.long else moments[1:]:
        with killing(short_tmp_path, histories.half_hourly(days=7), row) as home:
            home.kill_at("http.client.send", 3)
            file = home.home.state_dir / "requests.sqlite"
            file.write_bytes(b"damaged" * 1000)
            sent = len(home.server.log)
            home.kill_at(moment)
            done: Done = home.run()
            assert (done.code, done.document["status"]) == (3, "paused"), done
            assert len(home.server.log) == sent
            row.survived += 2
