"""The line above a chart: the period, its energy, what is typical, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from linky_tui.domain.curve import Curve
from linky_tui.domain.paris import day_minutes, day_of
from linky_tui.text.formatting import (
    day_text,
    half_hours_text,
    kwh_text,
    local_time_text,
    short_day_text,
    things,
    watts_text,
)
from linky_tui.ui.plots.spots import day_label

if TYPE_CHECKING:
    from linky_tui.storage.queries import DayEnergy

NOTHING_MISSING = "nothing missing"


@dataclass(frozen=True, slots=True)
class Summary:
    """What is said above a chart."""

    period: str  # the period in words
    total: str = ""  # its energy, empty where none is known
    facts: tuple[str, ...] = ()  # what else is worth knowing, each a few words
    missing: str = ""  # what is missing in it, or that nothing is
    whole: bool = True  # whether nothing is missing


def total_text(days: Sequence[DayEnergy]) -> str:
    """The energy of some days, empty where none is known."""
    known = [day.energy_wh for day in days if day.energy_wh is not None]
    if not known:
        return ""
    source = " (Enedis' total)" if len(days) == 1 and days[0].from_total else ""
    return kwh_text(sum(known)) + source


def curve_facts(curve: Curve, *, one_day: bool) -> tuple[str, ...]:
    """Mean and peak of a curve."""
    peak = curve.peak()
    if peak is None or not curve.minutes:
        return ()
    start, power = peak
    when = local_time_text(start)
    if not one_day:
        day = day_of(start)
        year = f" {day.year}" if curve.first.year != curve.last.year else ""
        when = f"{short_day_text(day)}{year}, {when}"
    mean = curve.watt_minutes / curve.minutes
    return f"mean {watts_text(mean)}", f"peak {watts_text(power)} ({when})"


def day_facts(days: Sequence[DayEnergy]) -> tuple[str, ...]:
    """Mean and highest day among those whose whole energy is known."""
    known = [(day.energy_wh, day.day) for day in days if day.complete and day.energy_wh is not None]
    if len(known) < 2:
        return ()
    most, when = max(known)
    mean = sum(energy for energy, _ in known) / len(known)
    one_year = days[0].day.year == days[-1].day.year
    day = day_label(when, year=not one_year)
    return f"mean {kwh_text(mean)} a day", f"most {kwh_text(most)} ({day})"


def missing_readings(days: Sequence[DayEnergy], since: date | None) -> tuple[str, bool]:
    """What the load curve lacks, and whether that is nothing.

    What lies before ``since``, the first day with readings, was never collected: it is said to
    begin later instead of counted as missing.
    """
    if len(days) == 1:
        (day,) = days
        expected = day.minutes_expected or day_minutes(day.day)
        text = half_hours_text(day.minutes_covered, expected)
        certified = ", certified" if day.certified else ""
        return text + certified, day.minutes_covered == expected
    collected = [day for day in days if since is not None and day.day >= since] or days
    missing = sum(day.minutes_covered == 0 for day in collected)
    torn = sum(0 < day.minutes_covered < day.minutes_expected for day in collected)
    text, whole = _counted(missing, torn)
    if len(collected) < len(days):
        text += f" since {day_text(collected[0].day)}"
    return text, whole


def missing_energy(days: Sequence[DayEnergy]) -> tuple[str, bool]:
    """Of which days no energy is known, or not the whole one, and whether there are none."""
    missing = sum(day.energy_wh is None for day in days)
    torn = sum(day.energy_wh is not None and not day.complete for day in days)
    text, whole = _counted(missing, torn)
    totals = sum(day.from_total for day in days)
    if totals and len(days) > 1:
        text += f", {things(totals, 'day')} from Enedis' totals"
    return text, whole


def _counted(missing: int, torn: int) -> tuple[str, bool]:
    parts = []
    if missing:
        parts.append(f"{things(missing, 'day')} missing")
    if torn:
        parts.append(f"{things(torn, 'day')} incomplete")
    return ", ".join(parts) or NOTHING_MISSING, not parts
