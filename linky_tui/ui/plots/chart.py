"""The widget that shows any plot, in the theme's colours and as large as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import App
from textual.content import Content
from textual.events import Click, Leave, MouseEvent, MouseMove
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

if TYPE_CHECKING:
    from linky_tui.ui.plots.canvas import Grid
    from linky_tui.ui.plots.crosshair import Place
    from linky_tui.ui.plots.palette import Palette
    from linky_tui.ui.plots.plots import Plot, Spot

TOO_SMALL = "too small"


class Chart(Widget, can_focus=True):
    """A chart; :meth:`show` gives it a plot, :meth:`show_empty` a reason for having none.

    The mouse, or :meth:`step`, puts a crosshair on a place and says what its plot reads there.
    """

    @dataclass
    class Opened(Message):
        """A day of the chart was clicked or chosen."""

        day: date

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; }
    """

    plot: reactive[Plot | None] = reactive(None, always_update=True)
    marker: reactive[str] = reactive("half-block")
    empty: reactive[str] = reactive("")
    place: reactive[Place | None] = reactive(None)

    def __init__(
        self,
        empty: str = "No data yet.",
        *,
        marker: str = "half-block",
        legend_in_border: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(Chart.empty, empty)
        self.set_reactive(Chart.marker, marker)
        self._drawn: tuple[tuple[object, ...], Grid] | None = None
        self._shown: tuple[object, list[Strip]] | None = None
        self._by_mouse = False
        self._legend_in_border = legend_in_border

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def on_unmount(self) -> None:
        self.app.theme_changed_signal.unsubscribe(self)

    def show(self, plot: Plot) -> None:
        before = self.plot
        if self._drawn is not None and before is self._drawn[0][0] and before == plot:
            # The same picture, which need not be drawn again; what is read there may differ.
            self._drawn = (plot, *self._drawn[0][1:]), self._drawn[1]
        self.plot = plot
        if self.place is not None and (type(before) is not type(plot) or self.spot is None):
            self.place = None

    def show_empty(self, text: str) -> None:
        """Show a sentence instead of a plot; it names the key that fills the chart."""
        self.empty = text
        self.plot = self.place = None

    def watch_plot(self, before: Plot | None, plot: Plot | None) -> None:
        if (before is None) != (plot is None) and self.is_attached:
            self.screen.refresh_bindings()  # keys that read charts can do something, or no more

    # Reading

    @property
    def spot(self) -> Spot | None:
        """What the crosshair stands on."""
        return None if self.place is None else self._read(self.place)

    def step(self, across: int, down: int) -> bool:
        """Move the crosshair to the next place that holds something; whether there is one."""
        from linky_tui.ui.plots.plots import places

        plot = self.plot
        wide, high = (0, 0) if plot is None or plot.read is None else places(plot)
        if self.place is None:
            column, row = (-1 if across > 0 or down else wide), 0
            across = across or 1
            down = 0
        else:
            column, row = self.place
        row = min(max(row + down, 0), max(high - 1, 0))
        column += across
        while 0 <= column < wide:
            if self._read((column, row)) is not None:
                self._by_mouse = False
                self.place = column, row
                return True
            column += across or 1
        return False

    def read_no_more(self) -> None:
        """Take the crosshair away."""
        self.place = None

    def open_day(self) -> None:
        """Ask for the day under the crosshair, where there is one."""
        spot = self.spot
        if spot is not None and spot.day is not None:
            self.post_message(self.Opened(spot.day))

    def on_mouse_move(self, event: MouseMove) -> None:
        place = self._place_under(event)
        if place != self.place and (place is not None or self._by_mouse):
            self._by_mouse = True
            self.place = place

    def on_leave(self, event: Leave) -> None:
        if self._by_mouse and not self.is_mouse_over:
            self.place = None

    def on_click(self, event: Click) -> None:
        place = self._place_under(event)
        if place is not None:
            self._by_mouse, self.place = True, place
            self.open_day()

    def _place_under(self, event: MouseEvent) -> Place | None:
        offset = event.get_content_offset(self)
        if offset is None or self.plot is None or self.plot.read is None or self._drawn is None:
            return None
        from linky_tui.ui.plots.crosshair import place_at

        reach = self._drawn[1].reach
        place = None if reach is None else place_at(reach, offset.x, offset.y)
        return None if place is None or self._read(place) is None else place

    def _read(self, place: Place) -> Spot | None:
        plot = self.plot
        if plot is None or plot.read is None:
            return None
        from linky_tui.ui.plots.plots import places

        wide, high = places(plot)
        return plot.read(*place) if place[0] < wide and place[1] < high else None

    def render(self) -> str:
        return ""

    def render_line(self, y: int) -> Strip:
        width, height = self.content_size
        if self.plot is None and not self.empty:
            return Strip.blank(width, self.rich_style)
        key = (self.plot, self.empty, width, height, self.marker, self.app.theme)
        if self._drawn is None or not _same(self._drawn[0], key):
            self._drawn, self._shown = (key, self._draw(width, height)), None
            if self._legend_in_border:
                self.call_later(self._show_legend)
        shown = (self.place, self._drawn)
        if self._shown is None or self._shown[0] != shown:
            grid, spot = self._drawn[1], self.spot
            if self.place is not None and spot is not None:
                from linky_tui.ui.plots.crosshair import with_crosshair

                grid = with_crosshair(grid, self.place, spot.text, self._palette())
            self._shown = shown, grid.strips()
        strips = self._shown[1]
        strip = strips[y] if y < len(strips) else Strip.blank(width)
        return strip.apply_style(self.rich_style)

    def _draw(self, width: int, height: int) -> Grid:
        if self.plot is None:
            return _sentence(self.empty, width, height, self._palette())
        legend_above = not self._legend_in_border
        return draw(
            self.plot, width, height, self._palette(), self.marker, with_legend=legend_above
        )

    def _show_legend(self) -> None:
        """In the border, where no crosshair's words hide it."""
        from linky_tui.ui.plots.canvas import LEGEND_GAP

        entries = () if self._drawn is None else self._drawn[1].heading.legend
        legend = Text(" " * LEGEND_GAP).join(Text.assemble(*entry) for entry in entries)
        self.border_subtitle = Content.from_rich_text(legend)

    def _palette(self) -> Palette:
        from linky_tui.ui.plots.palette import palette

        app = self.app
        ground = self.background_colors[1]
        return palette(app.theme_variables, ground, monochrome=app.no_color or few_colors(app))

    def _theme_changed(self, _: Theme) -> None:
        self._drawn = self._shown = None
        self.refresh()


def few_colors(app: App[Any]) -> bool:
    """Whether its terminal has 16 colours or less: shades of a theme become one there."""
    return not app.is_headless and app.console.color_system in (None, "standard", "windows")


def draw(
    plot: Plot, width: int, height: int, colors: Palette, marker: str, *, with_legend: bool = True
) -> Grid:
    """Draw any plot; below ``MIN_WIDTH`` by ``MIN_HEIGHT`` cells it only says so.

    ``marker`` is ``braille``, ``half-block`` or ``dot``, from the finest to what any font has.
    Without its legend, its heading holds what the legend has to say elsewhere.

    Raises:
        TypeError: a plot of an unknown kind.
    """
    from linky_tui.ui.plots.canvas import MIN_HEIGHT, MIN_WIDTH, finish_heading

    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return _sentence(TOO_SMALL, width, height, colors)
    grid = _picture(plot, width, height, colors, marker)
    finish_heading(grid, colors, with_legend=with_legend)
    return grid


def _picture(plot: Plot, width: int, height: int, colors: Palette, marker: str) -> Grid:
    # With plotext: what draws is loaded behind the first frame.
    from linky_tui.ui.plots.bars import draw_bars, draw_groups
    from linky_tui.ui.plots.heat import draw_heat
    from linky_tui.ui.plots.line import draw_lines
    from linky_tui.ui.plots.plots import BarPlot, DrawnPlot, GroupPlot, HeatPlot, LinePlot

    match plot:
        case BarPlot():
            return draw_bars(plot, width, height, colors, marker)
        case GroupPlot():
            return draw_groups(plot, width, height, colors, marker)
        case LinePlot():
            return draw_lines(plot, width, height, colors, marker)
        case HeatPlot():
            return draw_heat(plot, width, height, colors, marker)
        case DrawnPlot():
            return plot.draw(width, height, colors, marker)
        case _:
            raise TypeError(f"no way to draw {type(plot).__name__}")


def _same(before: tuple[object, ...], after: tuple[object, ...]) -> bool:
    """Whether nothing changed; the plot is compared by identity, it may be large."""
    return before[0] is after[0] and before[1:] == after[1:]


def _sentence(text: str, width: int, height: int, colors: Palette) -> Grid:
    from linky_tui.ui.plots.canvas import Grid

    grid = Grid(width, height)
    rows = wrap(text, max(1, width))[: max(height, 0)]
    above = (height - len(rows)) // 2
    for index, row in enumerate(rows):
        grid.put((width - len(row)) // 2, above + index, row, colors.text)
    return grid
