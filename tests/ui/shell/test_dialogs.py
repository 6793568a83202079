"""Every dialog is left by its key, and by a click beside it unless it holds what was typed."""

from __future__ import annotations

from typing import Any, cast

import pytest

from linky_tui.domain.models import Flow
from linky_tui.errors import LinkyError
from linky_tui.storage.access import Access
from linky_tui.storage.store import Store
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.charts.date_dialog import DateDialog
from linky_tui.ui.settings.meter_dialog import MeterDialog
from linky_tui.ui.settings.unsaved_dialog import UnsavedDialog
from linky_tui.ui.shell.dialogs import ConfirmDialog, Dialog, ErrorDialog
from linky_tui.ui.storage.access_dialog import AccessDialog
from tests.tools.app import wait_until


def dialogs() -> list[Dialog[Any]]:
    return [
        ErrorDialog(LinkyError("It failed", "For a reason.", "Try again.")),
        ConfirmDialog("Really?", "It is a question.", yes="Yes"),
        UnsavedDialog("You changed Enedis."),
        DateDialog(),
        AccessDialog(Access("mongodb://h"), cast(Store, None), None),
        MeterDialog("A meter", {"token": "", "prm": "", "name": "", "flow": Flow.CONSUMPTION}, []),
    ]


@pytest.mark.parametrize("number", range(len(dialogs())))
async def test_a_dialog_is_left_without_an_answer(empty_app: LinkyApp, number: int) -> None:
    answers: list[object] = []
    async with empty_app.run_test(size=(80, 24)) as pilot:
        dialog = dialogs()[number]
        empty_app.push_screen(dialog, answers.append)
        await wait_until(pilot, lambda: empty_app.screen is dialog)
        await pilot.pause()
        await pilot.press("escape")
        await wait_until(pilot, lambda: answers == [None])
        dialog = dialogs()[number]
        empty_app.push_screen(dialog, answers.append)
        await wait_until(pilot, lambda: empty_app.screen is dialog)
        await pilot.pause()
        await pilot.click(offset=(0, 0))
        await pilot.pause()
        typed = isinstance(dialog, MeterDialog)
        assert (empty_app.screen is dialog) == typed
        assert answers == ([None] if typed else [None, None])
