"""Draw every screen as an SVG picture: sizes, themes, empty, full, busy, failing.

::

    python -m tests.render_screens FOLDER [--only dashboard] [--sizes 80x24,120x40] [--themes …]

Needs a mongod (the ``local`` extra). ``rsvg-convert FILE.svg -o FILE.png`` makes a picture of one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import time_machine
from textual.pilot import Pilot

from linky_tui.demo.household import DEMO_PRM, demo_homes
from linky_tui.demo.server import ApiServer
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.charts.page import ChartsPage
from linky_tui.ui.charts.request import View
from linky_tui.ui.plots.periods import Span
from tests.tools.app import (
    CLOSED_API,
    NOW,
    StoredHome,
    fill,
    mongodb_away,
    wait_until,
    write_config,
)
from tests.tools.mongod import PrivateMongod, short_folder
from tests.tools.stored import open_store

PAGES = ("dashboard", "charts", "backfill", "storage", "settings", "log")
VIEWS = {
    "charts-week": (View.CURVE, Span.WEEK),
    "charts-year": (View.CURVE, Span.YEAR),
    "charts-energy": (View.ENERGY, Span.MONTH),
    "charts-heat": (View.HEAT, Span.WEEK),
    "charts-heat-year": (View.HEAT, Span.YEAR),
    "charts-average": (View.AVERAGE, Span.MONTH),
    "charts-years": (View.YEARS, Span.YEAR),
    "charts-duration": (View.DURATION, Span.MONTH),
}
"""Further pictures of Charts, with the crosshair."""
ABOVE = {"inside": "i", "help": "f1", "present": "f5", "copy": "j"}
"""What stands above the page that is shown, and its key."""
SIZES = ("80x24", "120x40")
THEMES = ("textual-dark", "textual-light")
STATES = ("full", "empty", "busy", "failing")
SETTLE_S = 1.2


@dataclass(frozen=True)
class Stage:
    """Where pictures are taken."""

    uri: str  # of the mongod
    full: StoredHome  # the filled home
    folder: Path  # for configuration files


@contextmanager
def stage() -> Iterator[Stage]:
    """A mongod with a filled home, at the tests' date."""
    with short_folder() as folder, PrivateMongod(folder) as server:
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            os.environ[name] = str(folder)  # nothing of the user's is read or written
        home = StoredHome(server.uri, "home")
        with time_machine.travel(NOW, tick=True):
            with open_store(home.uri, home.database, folder) as store:
                fill(store)
            yield Stage(server.uri, home, folder)


@asynccontextmanager
async def shown(
    at: Stage, state: str, theme: str, size: tuple[int, int]
) -> AsyncIterator[tuple[LinkyApp, Pilot[None]]]:
    with ExitStack() as stack:
        api_url, token = CLOSED_API, None
        if state == "busy":
            server = stack.enter_context(ApiServer(demo_homes(), block_after=None, latency_s=0.03))
            api_url, token = server.url, server.token
        database = at.full.database if state in ("full", "failing") else uuid.uuid4().hex
        file = write_config(
            at.folder / f"{uuid.uuid4().hex}.toml",
            uri=at.uri,
            database=database,
            api_url=api_url,
            token=token,
            meters=() if state == "welcome" else (DEMO_PRM,),
            more=f'[display]\ntheme = "{theme}"',
        )
        app = LinkyApp(file)
        stack.callback(app.backend.close)
        if state == "failing":
            stack.enter_context(mongodb_away(at.uri))
        async with app.run_test(size=size, notifications=True) as pilot:
            known = (lambda: app.store_error) if state == "failing" else (lambda: app.store_ready)
            await wait_until(pilot, known)
            yield app, pilot


async def draw(
    at: Stage, out: Path, pages: Sequence[str], state: str, theme: str, size: str
) -> None:
    columns, rows = (int(part) for part in size.split("x"))
    async with shown(at, state, theme, (columns, rows)) as (app, pilot):
        if state == "busy":
            from linky_tui.ingest.jobs import JobKind

            app.start_job(JobKind.BACKFILL)
        for page in pages:
            async with opened(app, pilot, page):
                name = f"{page}-{state}-{theme.removeprefix('textual-')}-{size}.svg"
                (out / name).write_text(app.export_screenshot(), encoding="utf-8")
                sys.stdout.write(f"{name}\n")
        app.ingest.stop()


@asynccontextmanager
async def opened(app: LinkyApp, pilot: Pilot[None], page: str) -> AsyncIterator[None]:
    """A page, one of :data:`ABOVE` on the shown one, or a chart of :data:`VIEWS` being read."""
    if page not in ABOVE:
        app.action_page({"laboratory": "storage"}.get(page, "charts" if page in VIEWS else page))
        await pilot.pause(SETTLE_S)
    charts = app.screen
    if page == "laboratory":
        await pilot.press("t")
        if app.store_ready and not app.lab.state.results:
            await pilot.press("enter")
            await wait_until(pilot, lambda: app.lab.state.results or app.lab.state.failed)
            await wait_until(pilot, lambda: not app.lab.state.busy)
    if page in ABOVE:
        await pilot.press(ABOVE[page])
    elif page in VIEWS and isinstance(charts, ChartsPage):
        view, span = VIEWS[page]
        charts.action_view(list(View).index(view))
        charts.action_span(span.name)
        await pilot.pause(SETTLE_S)
        await pilot.press(*["shift+left"] * 3)
    await pilot.pause(SETTLE_S)
    yield
    if page == "laboratory":
        await pilot.press("t")
    elif page in ABOVE:
        await pilot.press("escape")
    elif page in VIEWS and isinstance(charts, ChartsPage):
        charts.action_read_no_more()
        charts.action_view(-list(View).index(VIEWS[page][0]))
        charts.action_span(Span.DAY.name)


async def _all(arguments: argparse.Namespace) -> None:
    out = Path(arguments.folder)
    out.mkdir(parents=True, exist_ok=True)
    pages = arguments.only.split(",") if arguments.only else (*PAGES, "laboratory", *ABOVE, *VIEWS)
    with stage() as at:
        for size in arguments.sizes.split(","):
            for theme in arguments.themes.split(","):
                for state in arguments.states.split(","):
                    await draw(at, out, pages, state, theme, size)
                if not arguments.only:
                    await draw(at, out, ["welcome"], "welcome", theme, size)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw every screen as SVG.")
    parser.add_argument("folder")
    parser.add_argument("--only", default="", help="pages, separated by commas")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--themes", default=",".join(THEMES))
    parser.add_argument("--states", default=",".join(STATES))
    asyncio.run(_all(parser.parse_args()))


if __name__ == "__main__":
    main()
