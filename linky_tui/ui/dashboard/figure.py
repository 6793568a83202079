"""What a card of the dashboard shows, and how far its figures look back."""

from __future__ import annotations

from dataclasses import dataclass

BAR_DAYS = 60
"""How many days the bars show."""
RECENT_DAYS = 14
"""And where there is little room."""
USUAL_WEEKS = 8
"""How far back "usual" looks."""
BASE_NIGHTS = 30
"""How many nights the base load looks at."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure as texts."""

    value_text: str  # the figure with its unit, or a dash
    comparison_text: str = ""  # what it is compared with; empty where there is a reason instead
    # why there is no figure or no comparison, a few words; empty where both are there
    reason: str = ""
    span_text: str = ""  # the days that it is about, or how many of them are known; may be empty
