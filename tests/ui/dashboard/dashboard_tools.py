"""What the tests of the dashboard ask of it."""

from __future__ import annotations

from textual.pilot import Pilot

from linky_tui.ui.app import LinkyApp
from linky_tui.ui.comparison.table import ComparisonTable
from linky_tui.ui.dashboard.card import FigureCard
from linky_tui.ui.dashboard.page import DashboardPage
from tests.tools.app import screen_text, wait_until


def page(app: LinkyApp) -> DashboardPage:
    assert isinstance(app.screen, DashboardPage)
    return app.screen


def table(app: LinkyApp) -> ComparisonTable:
    return page(app).comparison.table


def cells(app: LinkyApp, label: str) -> tuple[str, str, str]:
    return next(row.cells for row in table(app).rows if row.label == label)


def card_texts(app: LinkyApp) -> list[tuple[str, str]]:
    return [
        tuple(str(card.content).split("\n"))  # type: ignore[misc]
        for card in page(app).query(FigureCard)
    ]


async def loaded(pilot: Pilot[None], app: LinkyApp) -> None:
    """Everything on the dashboard is there, but for the proof, which takes a second."""
    await wait_until(pilot, lambda: app.store_ready)
    await wait_until(pilot, lambda: table(app).rows and page(app).has_data)


async def proved(pilot: Pilot[None], app: LinkyApp) -> None:
    """Both collections were compared, reading by reading."""
    await loaded(pilot, app)
    await wait_until(pilot, lambda: cells(app, "readings")[2] == "identical")


def shows(app: LinkyApp, *texts: str) -> bool:
    shown = screen_text(app)
    return all(text in shown for text in texts)
