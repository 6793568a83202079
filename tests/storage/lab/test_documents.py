"""Documents of fleets are those of the application; day documents lose nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import bson

from linky_tui.domain.models import Flags, Reading, Series
from linky_tui.lab.homes import fleet_household, fleet_prm
from linky_tui.storage.collections.documents import to_document
from linky_tui.storage.lab.fleet import Templates
from linky_tui.storage.lab.shapes import day_documents
from tests.tools.laboratory import FIRST, LAST, small_home


def test_templates_give_the_documents_of_the_application_to_the_byte() -> None:
    one, two = (fleet_household(number, 7).readings(FIRST, LAST) for number in (0, 1))
    made = Templates(one).documents(fleet_prm(1), [each.power_w for each in two])
    wanted = [bson.encode(to_document(Series(fleet_prm(1)), each)) for each in two]
    assert [bytes(each.raw) for each in made] == wanted
    assert [each.power_w for each in one] != [each.power_w for each in two]
    assert Templates(one).documents(fleet_prm(1), [two[5].power_w], 5) == made[5:6]


def test_day_documents_hold_every_reading() -> None:
    home = small_home()
    flagged = Flags(iv=2, ec=11)
    readings = [
        Reading(each.start, each.interval_min, each.power_w, flagged if n % 7 == 0 else None)
        for n, each in enumerate(home.readings)
    ]
    found = []
    for raw in day_documents(home.series, readings):
        options = bson.CodecOptions[dict[str, Any]](tz_aware=True)
        day: dict[str, Any] = bson.decode(raw.raw, options)
        meter = day["meter"]
        assert (meter["prm"], meter["flow"]) == (home.series.prm, "consumption")
        flags = {each.pop("place"): Flags(**each) for each in day.get("flags", [])}
        for place, power_w in enumerate(day["power_w"]):
            if power_w is not None:
                at = day["day"] + place * timedelta(minutes=meter["interval_min"])
                found.append(Reading(at, meter["interval_min"], power_w, flags.get(place)))
    assert sorted(found, key=lambda each: each.start) == readings
