"""``--check``: configuration, tokens, budget and MongoDB, without a request to the gateway."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from linky_tui.config import Config
from linky_tui.domain.paris import day_of, utc_now
from linky_tui.errors import LinkyError, OutOfSpace
from linky_tui.headless.options import Options
from linky_tui.headless.output import Interrupted, print_json, print_lines, wrapped
from linky_tui.headless.summary import worst
from linky_tui.session import ReadyMeter, Session, ready_meters
from linky_tui.system import paths
from linky_tui.text.formatting import (
    bytes_text,
    count_text,
    day_text,
    duration_text,
    mask_prm,
    plain,
)

if TYPE_CHECKING:
    from linky_tui.storage.access import Access
    from linky_tui.storage.connection import ServerInfo

_NO_BYTES, _SCARCE_BYTES = 100_000, 20_000_000
"""Too little for a count of requests; too little for another year of readings, too."""
_INDENT = " " * 9


@dataclass(slots=True)
class Findings:
    """What a check found."""

    good: list[str] = field(default_factory=list)  # what is in order, a sentence each
    warnings: list[str] = field(default_factory=list)  # what works but should be looked at
    errors: list[LinkyError] = field(default_factory=list)  # what will not work
    access: Access | None = None  # to MongoDB for other tools, where it is in order


def run_check(session: Session, options: Options, stop: threading.Event) -> int:
    """Check everything that can be checked locally; returns the exit code."""
    config = session.config
    found = Findings(warnings=list(config.warnings))
    where = "is used" if config.exists else "does not exist, so defaults apply"
    found.good.append(f"Configuration: {plain(str(config.path))} {where}.")
    _check_meters(config, found)
    mongodb = Findings()
    server, counted = _check_mongodb(session, mongodb, stop)
    _check_budget(session, found, counted)
    found.good += mongodb.good
    found.access = mongodb.access
    found.warnings += mongodb.warnings
    found.errors += mongodb.errors
    _check_space(session, found)
    if stop.is_set():
        raise Interrupted
    code = worst(error.exit_code for error in found.errors)
    if options.as_json:
        print_json(_document(found, server, config))
    else:
        print_lines(_lines(found, quiet=options.quiet))
    return code


def _check_meters(config: Config, found: Findings) -> None:
    try:
        meters = ready_meters(config)
    except LinkyError as error:
        found.errors.append(error)
        return
    for meter in meters:
        if meter.problem is not None:
            found.errors.append(meter.problem)
        else:
            _describe_token(meter, found)


def _describe_token(meter: ReadyMeter, found: Findings) -> None:
    from linky_tui.enedis.token import read_token

    name = f"Meter {mask_prm(meter.series.prm)} {meter.series.flow}"
    try:
        info = read_token(meter.token)
    except LinkyError:
        found.warnings.append(f"{name}: its token is not one that can be read locally.")
        return
    until = f", valid until {day_text(day_of(info.expires))}" if info.expires else ""
    found.good.append(
        f"{name}: its token covers it{until} (read locally; only a request can prove it)."
    )
    found.warnings.extend(info.warnings(utc_now()))


def _check_budget(session: Session, found: Findings, counted: int) -> None:
    from linky_tui.enedis.budget import clamp
    from linky_tui.enedis.client import ConsoClient

    if session.demo:
        found.good.append("Gateway: simulated; the demo has no limit of requests.")
        return
    enedis = session.config.enedis
    limits = clamp(enedis.api_url, enedis.requests_per_day, enedis.seconds_between_requests)
    found.warnings.extend(limits.notes)
    try:
        ConsoClient(enedis.api_url).close()
        used = session.budget().used_today(floor_used=counted)
    except LinkyError as error:
        found.errors.append(error)
        return
    found.good.append(
        f"Gateway: {enedis.api_url}, {count_text(used)} of {count_text(limits.per_day)} requests "
        f"used this UTC day, {duration_text(limits.min_seconds)} between two."
    )


def _check_mongodb(
    session: Session, found: Findings, stop: threading.Event
) -> tuple[dict[str, Any] | None, int]:
    """What the server is, and how many requests of today all machines have counted in it."""
    from linky_tui.enedis.hosts import host_of
    from linky_tui.storage.server_check import check_server, refuse_unscannable

    settings, data_dir = session.config.mongodb, paths.data_dir(demo=session.demo)
    server: ServerInfo | None = None
    missing_rights: tuple[str, ...] = ()
    readings = counted = 0
    try:
        if settings.uri:  # looked at before anything is created there
            looked = check_server(settings, data_dir, paths.runtime_dir(), stop=stop)
            server, missing_rights = looked.server, looked.missing_rights
            if refusal := looked.refusal(settings.database):
                raise refusal
        with session.store(stop) as store:
            server = store.server
            refuse_unscannable(store.connection, settings.collection)
            readings = store.readings.count()
            host = host_of(session.config.enedis.api_url)
            counted = store.requests.used(host, utc_now().date())
    except LinkyError as error:
        found.errors.append(error)
    if server is None:
        return None, 0
    found.warnings.extend(server.notes)
    if not found.errors:
        place = f"our own in {plain(str(data_dir))}" if server.kind == "local" else server.hosts
        found.good.append(
            f"MongoDB {server.version}, {plain(place)}: {settings.database}.{settings.collection} "
            f"holds {count_text(readings)} readings, {settings.timeseries_collection} is ready."
        )
        found.access = server.access
    document = {
        "version": server.version,
        "kind": server.kind,
        "missing_rights": list(missing_rights),
        "access": _access_document(server.access) if server.access else None,
    }
    return document, counted


def _check_space(session: Session, found: Findings) -> None:
    """Whether there is room for what has to be written on this machine."""
    folders = [paths.state_dir(demo=session.demo)]
    if session.demo or not session.config.mongodb.uri:
        folders.insert(0, paths.data_dir(demo=session.demo))
    for folder in folders:
        try:
            free = shutil.disk_usage(next(p for p in (folder, *folder.parents) if p.exists())).free
        except OSError:
            continue  # whoever needs the folder has said what is wrong with it
        if free >= _SCARCE_BYTES:
            continue
        text = f"{bytes_text(free)} are left on the disk of {plain(str(folder))}."
        if free >= _NO_BYTES:
            found.warnings.append(f"Only {text}")
        elif not any(isinstance(error, OutOfSpace) for error in found.errors):
            found.errors.append(OutOfSpace("The disk is full", f"Only {text}", "Free some space."))


def _document(found: Findings, server: dict[str, Any] | None, config: Config) -> dict[str, Any]:
    first = found.errors[0] if found.errors else None
    return {
        "command": "check",
        "status": "failed" if found.errors else "ok",
        "config": str(config.path) if config.path else None,
        "server": server,
        "problems": [
            problem
            for error in found.errors
            for problem in (f"{error.title}: {error.cause}", *error.problems)
        ],
        "warnings": found.warnings,
        "error": first.to_json() if first else None,
    }


def _lines(found: Findings, *, quiet: bool) -> Iterator[str]:
    if not quiet:
        yield from (_line("ok", text) for text in found.good)
        if found.access is not None:
            yield from _access_lines(found.access)
        yield from (_line("warning", text) for text in found.warnings)
    for error in found.errors:
        yield _line("problem", f"{error.title}.")
        yield from (_line("", line) for line in error.details)


def _access_lines(access: Access) -> Iterator[str]:
    from linky_tui.words.access import access_notes

    yield _line("ok", "To look inside with mongosh, or another tool by the address:")
    # In one piece each, to be copied.
    yield from (f"{_INDENT}{text}" for text in (access.mongosh, access.address))
    yield from (_line("", note) for note in access_notes(access))


def _access_document(access: Access) -> dict[str, Any]:
    return {
        "mongosh": access.mongosh,
        "address": access.address,
        "port": access.port or None,
        "password_file": str(access.password_file) if access.password_file else None,
        "only_while_linky_tui_runs": access.private,
    }


def _line(kind: str, text: str) -> str:
    return wrapped(f"{kind:{len(_INDENT)}}{text}", indent=_INDENT)
