"""Backfill: what will be asked, how far it is, and every day of two years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.events import Resize
from textual.widgets import Button

from linky_tui.domain.coverage import DayRecord, first_askable
from linky_tui.domain.paris import ONE_DAY
from linky_tui.domain.paris import today as paris_today
from linky_tui.ingest.engine import JobKind
from linky_tui.ingest.events import Event, Surveyed, Window, WindowAsked, WindowStored
from linky_tui.storage.store import Store
from linky_tui.text.formatting import day_text, range_text
from linky_tui.ui.backfill.calendar import CoverageCalendar
from linky_tui.ui.backfill.controls import BackfillControls
from linky_tui.ui.backfill.day_panel import DayPanel
from linky_tui.ui.backfill.plan import Plan, PlanFacts, load_facts, plan_of
from linky_tui.ui.backfill.summary import gaps, resting_text
from linky_tui.ui.backfill.track import Track, counts_text, running_text, track_of
from linky_tui.ui.shell.bindings import bind
from linky_tui.ui.shell.dialogs import ConfirmDialog
from linky_tui.ui.shell.event_log import EventLog
from linky_tui.ui.shell.ingest_control import IngestState, Phase
from linky_tui.ui.shell.page import Page

ROOMY_LINES = 38
"""From so many lines on, the calendar takes two bands with wide cells."""

_BUTTONS = ("run", "pause", "stop", "refetch")


class BackfillPage(Page):
    """Fetch the history, and look at what is there of each day."""

    HELP = """
    ## Backfill

    Fetches two years of half-hours, newest first, a week a request. It keeps within the requests
    that your settings allow a day (the day of the gateway starts at 01:00 in winter and at 02:00 in
    summer), pauses when they are used up and goes on by itself the next day. Leaving this page
    never stops it. Whatever was fetched is stored; nothing complete is asked twice.

    * **r** starts it or goes on, **p** pauses, **x** stops.
    * **Back to**: the oldest day to ask for.

    ### Calendar

    One cell a day. The arrow keys move by a day or a week, the mouse points and clicks.
    **f** or Enter fetches the day again, which costs one request.

    * ■ certified: complete, and equal to Enedis' own total to the Wh
    * □ complete, not confirmed by Enedis' total
    * ▄ partial, ○ late (may still arrive), × missing, - no data at Enedis
    * · not asked yet, ● being asked now
    """
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
        self._facts: PlanFacts | None = None
        self._plan: Plan | None = None
        self._track = Track()
        self._landed: dict[date, DayRecord] = {}
        self._able: tuple[bool, ...] = ()

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
        # Not by AUTO_FOCUS, which would scroll the plan away on a small terminal.
        self._calendar.focus(scroll_visible=False)

    def on_resize(self, event: Resize) -> None:
        self._calendar.roomy = event.size.height >= ROOMY_LINES

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
        if series is None:
            self._facts = self._plan = None
            self._show_calendar({})
            self._show_state()
            return
        self._landed.clear()

        def ask(store: Store) -> PlanFacts:
            return load_facts(backend.session, store, series)

        def show(facts: PlanFacts) -> None:
            # Windows that landed while the ledger was being read are newer than it.
            records = {**facts.records, **self._landed}
            self._facts = replace(facts, records=records)
            self._plan_again()
            self._show_calendar(records)
            self._show_state()

        self.query_store(ask, show, group="backfill")

    def _plan_again(self) -> None:
        if self._facts is not None:
            self._plan = plan_of(self._facts, self._controls.since)
            state = self.app.ingest.state
            # The ledger, which is read again after the survey, does not know what is being asked.
            asking = self._track.asking if state.busy else None
            self._track = replace(track_of(self._plan, state), asking=asking)

    def _show_calendar(self, records: dict[date, DayRecord]) -> None:
        today = paris_today()
        first, last = first_askable(today), today - ONE_DAY
        self._calendar.border_title = f"Coverage, {range_text(first, last)}"
        self._calendar.show(records, today)
        self._show_day(self._calendar.cursor)

    def _show_day(self, day: date) -> None:
        curve_from = self._facts.state.curve_from if self._facts else None
        record = self._calendar.record(day)
        self.query_one(DayPanel).show(day, record, paris_today(), curve_from)

    # The engine

    @property
    def _ours(self) -> bool:
        """Whether the engine's job is about the meter that is shown."""
        job = self.app.ingest.state.job
        return job is not None and job.series == self.app.series

    def _events_came(self, events: tuple[Event, ...]) -> None:
        self._log.catch_up(self.app.ingest, name_meter=self._several_meters)
        job = self.app.ingest.state.job
        surveyed = False
        for event in events:
            if event.series != self.app.series:
                continue
            backfilling = job is not None and job.kind is JobKind.BACKFILL
            self._track = self._track.after(event, backfilling=backfilling)
            surveyed = surveyed or isinstance(event, Surveyed)
            self._show_event(event)
        # The state came before its events, which say what is being asked.
        self._show_state()
        if surveyed:
            self.load_if_shown()

    def _show_event(self, event: Event) -> None:
        calendar = self._calendar
        match event:
            case WindowAsked(window=window):
                calendar.set_asking(window)
            case WindowStored(days=days):
                for record in days:
                    self._landed[record.day] = record
                    calendar.set_day(record)
                calendar.set_asking(None)
                if any(record.day == calendar.cursor for record in days):
                    self._show_day(calendar.cursor)
            case _:
                pass

    def _show_state(self) -> None:
        if not self.is_mounted:
            return
        state = self.app.ingest.state
        if not state.busy:
            self._calendar.set_asking(None)
        controls = self._controls
        records = self._calendar.records
        left = state.left_today if state.busy and self._ours else None
        if left is None and self._facts is not None:
            left = self._facts.left_today
        counts = counts_text(
            self._track,
            readings=sum(record.readings for record in records.values()),
            certified=sum(record.certified for record in records.values()),
            requests=state.requests if state.job is not None else None,
            left_today=left,
        )
        controls.say(self._status_text(), counts if self._facts else "", self._gaps())
        controls.progress(self._track, resting=state.phase is not Phase.RUNNING)
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
        state = self.app.ingest.state
        if self.app.series is None:
            return "No meter yet. g opens the settings."
        if state.busy:
            if not self._ours:
                return "The engine is at work on another meter."
            return running_text(state, self._track.asking)
        if not self.app.store_ready:
            return "Waiting for MongoDB."
        if self._plan is None or self._facts is None:
            return "Reading the ledger."
        return resting_text(
            state if self._ours else IngestState(), self._facts, self._plan, self._track.weeks_left
        )

    def _gaps(self) -> list[str]:
        facts = self._facts
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
                backfilling = state.job is not None and state.job.kind is JobKind.BACKFILL
                return state.phase is Phase.RUNNING and backfilling
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
        state, since = self.app.ingest.state, self._controls.since
        job = state.job if state.phase is Phase.PAUSED and self._ours else None
        if job is not None and job.kind is JobKind.BACKFILL and job.since == since:
            self.app.ingest.resume()
        else:
            self.app.start_job(JobKind.BACKFILL, since=since)

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
