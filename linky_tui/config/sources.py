"""What goes before the file, and what must hold between several values of it."""

from __future__ import annotations

from collections.abc import Mapping

from linky_tui.config.read import Values
from linky_tui.config.schema import METERS, MONGODB, SECTIONS, Value, toml_text
from linky_tui.text.formatting import plain

COMMAND_LINE = "command line"
ENVIRONMENT = "environment"
# Endings of the collections that are named after the regular one (design.md §3).
DAYS, LEASES, REQUESTS = DERIVED = ("_days", "_leases", "_requests")


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


def override(
    values: Values, variables: Mapping[str, str], overrides: Mapping[str, object]
) -> dict[str, str]:
    """Put what the environment and the command line say over the file.

    Gives ``section.key`` of what they decided, with the source. Wrong values are noted as
    problems; an empty variable counts as not set.
    """
    given: dict[str, tuple[str, object]] = {}
    for section in SECTIONS.values():
        for key in section.keys:
            if key.variable and variables.get(key.variable, "").strip():
                given[f"{section.name}.{key.name}"] = (key.variable, variables[key.variable])
    given |= {name: (COMMAND_LINE, value) for name, value in overrides.items()}
    decided: dict[str, Value] = {}
    for full_name, (source, value) in given.items():
        section_name, _, name = full_name.partition(".")
        place = f"{ENVIRONMENT}: {source}" if source != COMMAND_LINE else f"{source}: {full_name}"
        clean = values.check(SECTIONS[section_name].key(name), value, place)
        if clean is None:
            continue
        if section_name == METERS.name:
            decided[name] = clean
        else:
            values.tables.setdefault(section_name, {})[name] = clean
    _override_meters(values, decided.get("prm", ""), decided.get("token", ""))
    return {name: source for name, (source, _value) in given.items()}


def _override_meters(values: Values, prm: Value, token: Value) -> None:
    if prm:
        known = [meter for meter in values.meters if meter.get("prm") == prm]
        # The file's only meter has left its PRM open: this is the one.
        if not known and len(values.meters) == 1 and not values.meters[0].get("prm"):
            known = [{**values.meters[0], "prm": prm}]
        values.meters = known or [{"prm": prm}]
    if token:
        values.meters = [{**meter, "token": token} for meter in values.meters or [{}]]
