"""Backfill: what will be asked, how far it is, and every day of two years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Button

from linky_tui.domain.coverage import DayRecord, first_askable
from linky_tui.domain.models import Series
from linky_tui.domain.paris import ONE_DAY
from linky_tui.domain.paris import today as paris_today
from linky_tui.ingest.events import Event, Surveyed, Window, WindowStored
from linky_tui.ingest.jobs import JobKind
from linky_tui.text.formatting import day_text, range_text
from linky_tui.ui.backfill.calendar import CoverageCalendar
from linky_tui.ui.backfill.controls import BackfillControls
from linky_tui.ui.backfill.day_panel import DayPanel, day_line
from linky_tui.ui.backfill.plan import Plan, PlanFacts, load_facts, plan_of
from linky_tui.ui.backfill.summary import gaps, resting_text
from linky_tui.ui.backfill.track import Track, counts_text, eta_text, running_text, track_of
from linky_tui.ui.shell.bindings import bind, with_settings_key
from linky_tui.ui.shell.dialogs import ConfirmDialog
from linky_tui.ui.shell.event_log import EventLog
from linky_tui.ui.shell.ingest_control import MeterState, Phase
from linky_tui.ui.shell.page import Page, no_meter_text

if TYPE_CHECKING:
    from linky_tui.storage.store import Store

ROOMY_LINES = 38
"""From so many lines on, the calendar takes two bands with wide cells."""

_BUTTONS = ("run", "pause", "stop", "refetch")


class BackfillPage(Page):
    """Fetch the history, and look at what is there of each day."""

    PLACE = "Backfill"
    HELP = r"""
## Backfill

Fetches two years of half-hours, newest first, a week a request, for all meters in turn. It keeps
within the requests that your settings allow a day, pauses when they are used up and goes on by
itself the next day. Leaving this page never stops it. Whatever was fetched is stored; nothing
complete is asked twice. **Back to** is the oldest day to ask for, of the meter that is shown.

### Calendar

One cell a day; the mouse points and clicks. Fetching a day again costs one request.

- ■ certified, □ complete, ▄ partial, ○ late, × missing
- \- no data at Enedis, · not asked yet, ● being asked now
"""
    WORDS = (
        "certified",
        "complete",
        "partial",
        "late",
        "request",
        "history",
    )
    DEFAULT_CSS = """
    BackfillPage {
        #body { height: 1fr; scrollbar-size-vertical: 1; }
        #below { height: 1fr; min-height: 8; layout: horizontal; }
        #day { width: 46; height: 1fr; }
        #log { width: 1fr; height: 1fr; }
        &.-narrow, &.-tiny {
            #below { height: auto; layout: vertical; }
            #day { width: 1fr; height: auto; }
            #log { width: 1fr; height: 12; }
        }
    }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("backfill.run", "run"),
        bind("backfill.pause", "pause"),
        bind("backfill.stop", "stop"),
        bind("backfill.day", "refetch"),
        bind("backfill.calendar", "calendar", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._shown: Series | None = None
        self._facts: dict[Series, PlanFacts] = {}
        self._plans: dict[Series, Plan] = {}
        self._track = Track()
        self._landed: dict[date, DayRecord] = {}
        self._able: tuple[bool, ...] = ()
        self._was_busy = False
        self._named = paris_today() - ONE_DAY  # the day that the calendar's border tells of

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="body", can_focus=False):
            yield BackfillControls(id="controls", classes="panel")
            yield CoverageCalendar(id="calendar", classes="panel")
            with Container(id="below"):
                yield DayPanel(id="day", classes="panel")
                yield EventLog(
                    limit=100,
                    clock="%H:%M",
                    empty_text="Nothing has happened yet. r starts the backfill.",
                    id="log",
                    classes="panel",
                )

    def on_mount(self) -> None:
        self._controls.border_title = "Backfill"
        self._log.border_title = "Last events"
        self.app.ingest.events.subscribe(self, self._events_came)
        self.app.ingest.state_changed.subscribe(self, lambda _: self._show_state())
        self.app.status_changed.subscribe(self, lambda _: self._show_state())
        self._log.catch_up(self.app.ingest, name_meter=self._several_meters)
        self._show_calendar({})
        body = self.query_one("#body")
        self.watch(body, "scroll_y", self._scrolled, init=False)
        # Not by AUTO_FOCUS, which would scroll the plan away on a small terminal.
        self._calendar.focus(scroll_visible=False)

    def _scrolled(self) -> None:
        self.call_after_refresh(self._name_day)

    def on_resize(self, event: Resize) -> None:
        self._calendar.roomy = event.size.height >= ROOMY_LINES
        self.call_after_refresh(self._name_day)

    @property
    def _controls(self) -> BackfillControls:
        return self.query_one("#controls", BackfillControls)

    @property
    def _calendar(self) -> CoverageCalendar:
        return self.query_one("#calendar", CoverageCalendar)

    @property
    def _log(self) -> EventLog:
        return self.query_one("#log", EventLog)

    @property
    def _several_meters(self) -> bool:
        return len(self.app.config.meters) > 1

    # Data

    def refresh_data(self) -> None:
        series = self.app.series
        backend = self.app.backend
        if series != self._shown or series is None:
            # Nothing of another meter is shown as its own, not even until the ledger is read.
            self._shown, self._track = series, Track()
            self._facts, self._plans = {}, {}
            self._show_calendar({})
            self._show_state()
            if series is not None:
                self._controls.show_since(self.app.since.get(series))
        if series is None:
            return
        self._landed.clear()
        meters = [meter.series for meter in self.app.config.meters if meter.prm]

        def ask(store: Store) -> dict[Series, PlanFacts]:
            return load_facts(backend.session, store, meters)

        def show(facts: dict[Series, PlanFacts]) -> None:
            # Windows that landed while the ledger was being read are newer than it.
            records = {**facts[series].records, **self._landed}
            self._facts = {**facts, series: replace(facts[series], records=records)}
            self._plan_again()
            self._show_calendar(records)
            self._show_state()

        self.query_store(ask, show, group="backfill")

    def _plan_again(self) -> None:
        since = self.app.since
        self._plans = {each: plan_of(facts, since.get(each)) for each, facts in self._facts.items()}
        if self._plan is not None:
            self._track = track_of(self._plan, self._meter)

    @property
    def _plan(self) -> Plan | None:
        return self._plans.get(self._shown) if self._shown is not None else None

    @property
    def _own_facts(self) -> PlanFacts | None:
        return self._facts.get(self._shown) if self._shown is not None else None

    def _show_calendar(self, records: dict[date, DayRecord]) -> None:
        self._calendar.show(records, paris_today())
        self._show_day(self._calendar.cursor)

    def _show_day(self, day: date) -> None:
        curve_from = self._own_facts.state.curve_from if self._own_facts else None
        record = self._calendar.record(day)
        self.query_one(DayPanel).show(day, record, paris_today(), curve_from)
        self._named = day
        self._name_day()

    def _name_day(self) -> None:
        """The day in a border of the calendar that is in sight."""
        calendar, body, today = self._calendar, self.query_one("#body"), paris_today()
        day = self._named
        title = f"Coverage, {range_text(first_askable(today), today - ONE_DAY)}"
        record = calendar.record(day)
        line = day_line(record, day, calendar.mark(day), calendar.content_size.width - 2)
        # On a low terminal the lower border may be out of sight, but then the upper one is not.
        low = calendar.region.bottom > body.region.bottom
        calendar.border_title = Content(line if low else title)
        calendar.border_subtitle = Content(line)

    # The engine

    @property
    def _meter(self) -> MeterState | None:
        """What the engine does, or did, for the meter that is shown."""
        return self.app.ingest.state.meters.get(self._shown) if self._shown is not None else None

    def _events_came(self, events: tuple[Event, ...]) -> None:
        self._log.catch_up(self.app.ingest, name_meter=self._several_meters)
        meter, surveyed = self._meter, False
        for event in events:
            if meter is None or event.series != self._shown:
                continue
            backfilling = meter.job.kind is JobKind.BACKFILL
            self._track = self._track.after(event, backfilling=backfilling)
            surveyed = surveyed or isinstance(event, Surveyed)
            self._show_event(event)
        # The state came before its events, which say what is being asked.
        self._show_state()
        if surveyed:
            self.load_if_shown()

    def _show_event(self, event: Event) -> None:
        if isinstance(event, WindowStored):
            calendar = self._calendar
            for record in event.days:
                self._landed[record.day] = record
                calendar.set_day(record)
            if any(record.day == calendar.cursor for record in event.days):
                self._show_day(calendar.cursor)

    def _show_state(self) -> None:
        if not self.is_mounted:
            return
        state, meter, facts = self.app.ingest.state, self._meter, self._own_facts
        if self._was_busy and not state.busy:
            self._plans = {}  # made before the run; the ledger is being read again
        self._was_busy = state.busy
        self._calendar.set_asking(meter.asking if meter is not None and state.busy else None)
        controls = self._controls
        records = self._calendar.records
        left = state.left_today if state.busy or not self._plans else None
        if left is None and facts is not None:
            left = facts.left_today
        counts = counts_text(
            self._track,
            readings=sum(record.readings for record in records.values()),
            certified=sum(record.certified for record in records.values()),
            left_today=left,
            per_day=facts.per_day if facts is not None else None,
        )
        controls.say(
            self._status_text(),
            eta_text(state, self._plans, left),
            counts if facts is not None else "",
            self._gaps(),
        )
        controls.progress(self._track)
        able = tuple(self._can(action) for action in _BUTTONS)
        if able != self._able:
            # The footer is made anew, so not with each event.
            self._able = able
            self.refresh_bindings()
        run, pause, stop, refetch = able
        focused = self.focused.id if self.focused is not None else None
        if focused in _BUTTONS and not self._can(focused):
            # Textual would pass the focus on to the field, which takes every key for itself.
            self._calendar.focus(scroll_visible=False)
        run_label = "Go on" if state.phase is Phase.PAUSED else "Start"
        controls.enable(run=run, pause=pause, stop=stop, run_label=run_label)
        self.query_one("#refetch", Button).disabled = not refetch

    def _status_text(self) -> str:
        state, meter, facts = self.app.ingest.state, self._meter, self._own_facts
        if self.app.series is None:
            return no_meter_text(self.app)
        at = self.app.label(state.at) if state.at is not None else ""
        if state.busy and (meter is None or meter.finished is None):
            return running_text(state, meter, at)
        if not self.app.store_ready:
            return "Waiting for MongoDB."
        if self._plan is None or facts is None:
            return "Reading what is stored."
        plans = list(self._plans.values())
        text = resting_text(meter, facts, self._plan, plans, self._track.weeks_left)
        text = with_settings_key(self.app, text, self.app.config.keys)
        return f"{text} At work on {at}." if state.busy and state.at != self._shown else text

    def _gaps(self) -> list[str]:
        facts = self._own_facts
        resting = self.app.ingest.state.phase is Phase.IDLE
        if facts is None or self._plan is None or not resting or not self._plan.empty:
            return []
        return gaps(facts.records, facts.state, facts.today)

    # Actions

    def _can(self, action: str) -> bool:
        state = self.app.ingest.state
        ready = self.app.store_ready and self.app.series is not None
        match action:
            case "run":
                return ready and not state.busy and not self._controls.problem
            case "pause":
                return state.phase is Phase.RUNNING and state.kind is JobKind.BACKFILL
            case "stop":
                return state.phase in (Phase.RUNNING, Phase.PAUSED)
            case "refetch":
                return ready and not state.busy
            case _:
                return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return True if self._can(action) else None

    @on(BackfillControls.SinceChanged)
    def _since_changed(self) -> None:
        if self._shown is not None and not self._controls.problem:
            since = self._controls.since
            self.app.since.pop(self._shown, None)
            if since is not None:
                self.app.since[self._shown] = since
        if not self.app.ingest.state.busy:
            self._plan_again()
        self._show_state()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id in _BUTTONS:
            getattr(self, f"action_{event.button.id}")()

    @on(CoverageCalendar.DayHighlighted)
    def _highlighted(self, event: CoverageCalendar.DayHighlighted) -> None:
        self._show_day(event.day)

    @on(CoverageCalendar.DaySelected)
    def _selected(self) -> None:
        self.action_refetch()

    def action_calendar(self) -> None:
        self._calendar.focus()

    def action_run(self) -> None:
        self.app.start_job(JobKind.BACKFILL)

    def action_pause(self) -> None:
        self.app.ingest.pause()

    def action_stop(self) -> None:
        self.app.ingest.stop()

    def action_refetch(self) -> None:
        if not self._can("refetch"):
            return
        day = self._calendar.cursor

        def answered(yes: bool | None) -> None:
            if yes:
                self.app.start_job(JobKind.REFETCH, days=Window(day, day))

        self.app.push_screen(
            ConfirmDialog(
                "Fetch a day again?",
                f"Asking for {day_text(day)} costs one request. What is stored stays, unless "
                "Enedis gives other values now.",
                yes="Fetch",
            ),
            answered,
        )
