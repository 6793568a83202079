"""What goes before the file, and what must hold between several values of it."""

from __future__ import annotations

from collections.abc import Mapping

from linky_tui.config.model import (
    DERIVED,
    METERS,
    MONGODB,
    SECTIONS,
)
from linky_tui.config.read import Values
from linky_tui.config.toml_keys import (
    Value,
    toml_text,
)
from linky_tui.text.formatting import plain


def check_together(values: Values, source: str) -> None:
    """Note as a problem that two collections would be the same one."""
    regular, timeseries = (
        str(values.of(MONGODB.name).get(name, MONGODB.key(name).default))
        for name in ("collection", "timeseries_collection")
    )
    taken = [regular, *(regular + ending for ending in DERIVED)]
    if timeseries in taken:
        values.problems.append(
            f"{source}: [mongodb] timeseries_collection = {plain(toml_text(timeseries), 80)} is "
            "the name of another collection; allowed: any name but "
            f"{', '.join(plain(name, 140) for name in taken)}."
        )


def override(values: Values, variables: Mapping[str, str]) -> dict[str, str]:
    """Put what the environment says over the file.

    Gives ``section.key`` of what it decided, with the variable. Wrong values are noted as
    problems; an empty variable counts as not set.
    """
    given: dict[str, str] = {}
    decided: dict[str, Value] = {}
    for section in SECTIONS.values():
        for key in section.keys:
            if not key.variable or not variables.get(key.variable, "").strip():
                continue
            given[f"{section.name}.{key.name}"] = key.variable
            place = f"environment: {key.variable}"
            clean = values.check(key, variables[key.variable], place)
            if clean is None:
                continue
            if section is METERS:
                decided[key.name] = clean
            else:
                values.tables.setdefault(section.name, {})[key.name] = clean
    _override_meters(values, decided.get("prm", ""), decided.get("token", ""))
    return given


def _override_meters(values: Values, prm: Value, token: Value) -> None:
    if prm:
        known = [meter for meter in values.meters if meter.get("prm") == prm]
        # The file's only meter has left its PRM open: this is the one.
        if not known and len(values.meters) == 1 and not values.meters[0].get("prm"):
            known = [{**values.meters[0], "prm": prm}]
        values.meters = known or [{"prm": prm}]
    if token:
        values.meters = [{**meter, "token": token} for meter in values.meters or [{}]]
