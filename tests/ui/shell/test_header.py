"""Where one is: the header's meter and tabs, and a footer that fits."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Footer
from textual.widgets._footer import FooterKey, FooterLabel

from linky_tui.config.keyboard import ACTIONS
from linky_tui.ui.app import LinkyApp
from linky_tui.ui.shell.header import PAGE_NAMES, PageTabs, StatusLine, status_parts
from tests.tools.app import screen_text, wait_until
from tests.ui.conftest import MakeApp, Running

TWO = ("12345678901234", "22345678901234")


def line(app: LinkyApp, number: int) -> str:
    return screen_text(app).splitlines()[number]


@pytest.mark.parametrize("demo", ["", "  demo"])
def test_the_meter_and_the_demo_stay_in_sight_at_every_width(demo: str) -> None:
    meters = ("Maison 12········1234 consumption 1 of 2", "Maison 1 of 2")
    states = ("local MongoDB 6.0.5 · backfill, 105 weeks left · synced 21 Nov", "backfill")
    seen = []
    for width in range(24, 220):
        brand, meter, state = status_parts(meters, demo, states, width)
        assert meter in meters
        left = f"{brand}  {meter}{demo}" if brand else f" {meter}{demo}"
        assert cell_len(left) + 2 + cell_len(state) <= width
        seen.append((brand, meter, state))
    assert seen[-1] == (" linky-tui ", meters[0], states[0])
    assert {state for _, _, state in seen} >= set(states)
    brand, meter, state = status_parts(("A very long name of a meter",), demo, states, 20)
    assert (brand, state) == ("", "")
    assert meter.endswith("…")
    assert cell_len(f" {meter}{demo}") == 20


async def test_the_demo_says_so_beside_its_meter(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running((40, 24)) as (app, pilot):
        monkeypatch.setattr(LinkyApp, "demo", True)
        for width in (40, 80, 120):
            await pilot.resize_terminal(width, 24)
            app.screen.query_one(StatusLine).refresh()
            await wait_until(pilot, lambda: "Maison" in line(app, 0) and "demo" in line(app, 0))


async def test_n_tells_which_of_several_meters_it_is(running: Running) -> None:
    async with running((80, 24), meters=TWO) as (app, pilot):
        await wait_until(pilot, lambda: app.store_ready and " 1 of 2 " in line(app, 0))
        await pilot.press("n")
        await wait_until(pilot, lambda: " 2 of 2 " in line(app, 0))
        await pilot.press("n")
        await wait_until(pilot, lambda: " 1 of 2 " in line(app, 0))
        assert "Next meter" in line(app, 1)


async def test_tabs_fit_and_lead_to_their_pages(running: Running) -> None:
    async with running((120, 24)) as (app, pilot):
        for width in (120, 80, 60, 40, 20):
            await pilot.resize_terminal(width, 24)
            await wait_until(pilot, lambda width=width: app.screen.size.width == width)  # type: ignore[misc]
            for name in reversed(PAGE_NAMES):
                await led_to(app, pilot, name)


async def led_to(app: LinkyApp, pilot: Pilot[None], name: str) -> None:
    """A tab is clicked, and it is the one that is lit."""
    tabs = app.screen.query_one(PageTabs)._tabs()
    assert all(tab.start + tab.text.cell_len <= app.size.width for tab in tabs)
    place = next(tab.start for tab in tabs if tab.action == f"page('{name}')")
    await pilot.click(PageTabs, offset=(place, 0))
    await wait_until(pilot, lambda: app.current_mode == name)
    await pilot.pause()
    tabs = app.screen.query_one(PageTabs)._tabs()
    lit = next(tab for tab in tabs if tab.action == f"page('{name}')")
    assert ACTIONS[name].title in lit.text.plain
    assert any("bold" in str(span.style) for span in lit.text.spans)
    underlined = [
        lit.text.plain[span.start : span.end]
        for span in lit.text.spans
        if getattr(span.style, "underline", False)
    ]
    assert [each.lower() for each in underlined] == [ACTIONS[name].key]


async def test_another_key_is_written_before_its_tab(running: Running) -> None:
    async with running((80, 24), more='[keys]\nstorage = "f6"\nlog = "w"') as (app, pilot):
        assert not app.has_class("-few-colors"), "a terminal without a screen has all colours"
        await wait_until(pilot, lambda: "F6 Storage" in line(app, 1))
        assert "w Log" in line(app, 1)


def test_function_keys_are_written_as_on_the_keyboard(make_app: MakeApp) -> None:
    keys = {"f1": "F1", "shift+f12": "⇧F12", "ctrl+f": "^f", "f": "f", "escape": "esc"}
    app = make_app(empty=True)
    assert {key: app.get_key_display(Binding(key, "")) for key in keys} == keys


@pytest.mark.parametrize("name", list(LinkyApp.PAGES))
async def test_the_footer_fits_80_columns_in_every_state(
    running: Running, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Every key at once is more than any state shows."""
    async with running((80, 24)) as (app, pilot):
        app.action_page(name)
        await wait_until(pilot, lambda: app.current_mode == name)
        shown = app.screen
        await wait_until(pilot, lambda: "Quit" in screen_text(app))
        monkeypatch.setattr(type(shown), "check_action", lambda *_: True)
        for each in (None, *shown.focus_chain):
            shown.set_focus(each)
            shown.refresh_bindings()
            await pilot.pause(0.1)
            # While one types, a letter is no key.
            typing = each is not None and each.check_consume_key("q", "q")
            last = ["Help"] if typing else ["Help", "Quit"]
            await wait_until(pilot, lambda last=last: set(last) <= set(footer_words(app)))  # type: ignore[misc]
            keys = app.screen.query(FooterKey)
            assert max(key.region.right for key in keys) <= 80
            assert [key.description for key in keys][-len(last) :] == last
            assert not {ACTIONS[each].title for each in PAGE_NAMES} & set(footer_words(app))


def footer_words(app: LinkyApp) -> list[str]:
    footer = app.screen.query_one(Footer)
    labels = [str(label.content) for label in footer.query(FooterLabel)]
    return labels + [key.description for key in footer.query(FooterKey) if key.region]
