"""What help says: the text of a page, and the words that its figures use."""

from __future__ import annotations

from dataclasses import dataclass

GLOSSARY: dict[str, str] = {
    "load curve": "The mean power of each half-hour (some meters: 10, 15 or 60 minutes), in watts, "
    "as Enedis gives it.",
    "half-hour": "Half an hour at 1,000 W is 500 Wh, or 0.5 kWh.",
    "base load": "What is always on: for nine tenths of the time between 01:00 and 05:00 the power "
    "was higher.",
    "certified": "Every minute of the day is known, and its readings add up to the total that "
    "Enedis reports for the day, to the Wh.",
    "complete": "Every minute of the day is known; Enedis' own total has not confirmed it.",
    "partial": "Some readings of the day are missing, also called incomplete. It is asked for "
    "again while Enedis may still have them.",
    "late": "Enedis has not published the day yet, usually until 8:00 of the day after.",
    "request": "A question to the gateway. It allows few a day, so they are counted; the count "
    "starts anew at 01:00 in winter and 02:00 in summer.",
    "settling": "MongoDB writes to its files about once a minute. So long after a write their "
    "sizes are not final, and no saving is computed from them.",
    "identical": "Proved: both collections hold the same readings, each of them compared.",
    "bucket": "How MongoDB keeps a time series: up to 1,000 readings of one meter in a single "
    "compressed document.",
    "granularity": "How long a time one bucket may span, chosen when the collection is made. "
    "`hours` allows 30 days.",
    "snappy, zstd": "How MongoDB compresses files: regular collections with snappy, time series "
    "with zstd, which is slower and smaller.",
    "_id": "The key that a regular document has beside its data, with an index of its own.",
    "defragment": "Buckets that were filled out of order are small and many. Filling the "
    "collection again in order makes them full.",
    "PRM": "The 14 digits that name a meter, on every bill (point de référence et de mesure).",
    "token": "What the gateway knows you by. Whoever has it can read your data, so it is hidden.",
    "flow": "Consumption is what your home takes from the grid, production what it gives to it.",
    "history": "What Enedis keeps: two years of half-hours, three years of daily totals.",
}


@dataclass(frozen=True, slots=True)
class Help:
    """What to show for a page or a dialog."""

    place: str  # its name in the table of actions
    text: str  # what it shows, as Markdown
    words: tuple[str, ...] = ()  # keys of :data:`GLOSSARY`

    @property
    def markdown(self) -> str:
        """The text and the words."""
        lines = [f"- **{word}**: {GLOSSARY[word]}" for word in self.words]
        return "\n".join([self.text.strip(), *(["", "### Words", "", *lines] if lines else [])])
