"""The widget that shows any plot, in the theme's colours and as large as it is."""

from __future__ import annotations

from textwrap import wrap

from textual.reactive import reactive
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from linky_tui.ui.plots.bars import draw_bars, draw_groups
from linky_tui.ui.plots.canvas import MIN_HEIGHT, MIN_WIDTH, Grid
from linky_tui.ui.plots.heat import draw_heat
from linky_tui.ui.plots.line import draw_lines
from linky_tui.ui.plots.palette import Palette, palette
from linky_tui.ui.plots.plots import BarPlot, GroupPlot, HeatPlot, LinePlot, Plot

TOO_SMALL = "too small"


class Chart(Widget):
    """A chart; :meth:`show` gives it a plot, :meth:`show_empty` a reason for having none."""

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; }
    """

    plot: reactive[Plot | None] = reactive(None, always_update=True)
    marker: reactive[str] = reactive("braille")
    empty: reactive[str] = reactive("")

    def __init__(
        self,
        empty: str = "No data yet.",
        *,
        marker: str = "braille",
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(Chart.empty, empty)
        self.set_reactive(Chart.marker, marker)
        self._drawn: tuple[object, list[Strip]] | None = None

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def show(self, plot: Plot) -> None:
        self.plot = plot

    def show_empty(self, text: str) -> None:
        """Show a sentence instead of a plot; it names the key that fills the chart."""
        self.empty = text
        self.plot = None

    def render(self) -> str:
        return ""

    def render_line(self, y: int) -> Strip:
        width, height = self.content_size
        key = (self.plot, self.empty, width, height, self.marker, self.app.theme)
        if self._drawn is None or not _same(self._drawn[0], key):
            self._drawn = (key, self._draw(width, height).strips())
        strips = self._drawn[1]
        strip = strips[y] if y < len(strips) else Strip.blank(width)
        return strip.apply_style(self.rich_style)

    def _draw(self, width: int, height: int) -> Grid:
        if self.plot is None:
            return _sentence(self.empty, width, height, self._palette())
        if width < MIN_WIDTH or height < MIN_HEIGHT:
            return _sentence(TOO_SMALL, width, height, self._palette())
        return draw(self.plot, width, height, self._palette(), self.marker)

    def _palette(self) -> Palette:
        return palette(
            self.app.theme_variables, self.background_colors[1], monochrome=self.app.no_color
        )

    def _theme_changed(self, _: Theme) -> None:
        self._drawn = None
        self.refresh()


def draw(plot: Plot, width: int, height: int, colors: Palette, marker: str) -> Grid:
    """Draw any plot, at least ``MIN_WIDTH`` by ``MIN_HEIGHT`` cells large.

    ``marker`` is ``braille``, ``half-block`` or ``dot``, from the finest to what any font has.

    Raises:
        TypeError: a plot of an unknown kind.
    """
    match plot:
        case BarPlot():
            return draw_bars(plot, width, height, colors, marker)
        case GroupPlot():
            return draw_groups(plot, width, height, colors, marker)
        case LinePlot():
            return draw_lines(plot, width, height, colors, marker)
        case HeatPlot():
            return draw_heat(plot, width, height, colors, marker)
        case _:
            raise TypeError(f"no way to draw {type(plot).__name__}")


def _same(before: object, after: tuple[object, ...]) -> bool:
    """Whether nothing changed; the plot is compared by identity, it may be large."""
    return isinstance(before, tuple) and before[0] is after[0] and before[1:] == after[1:]


def _sentence(text: str, width: int, height: int, colors: Palette) -> Grid:
    grid = Grid(width, height)
    rows = wrap(text, max(1, width))[: max(height, 0)]
    above = (height - len(rows)) // 2
    for index, row in enumerate(rows):
        grid.put((width - len(row)) // 2, above + index, row, colors.text)
    return grid
