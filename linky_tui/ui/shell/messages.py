"""What worker threads tell the application. Handlers run on the interface's own thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from linky_tui.errors import LinkyError

if TYPE_CHECKING:
    from linky_tui.storage.connection import ServerInfo


@dataclass
class StoreOpened(Message):
    """MongoDB answers."""

    server: ServerInfo


@dataclass
class StoreFailed(Message):
    """MongoDB does not answer, or not any more."""

    error: LinkyError


class IngestAdvanced(Message):
    """Events wait in the ingest control's queue; queued ones collapse, no event is lost."""

    def can_replace(self, message: Message) -> bool:
        """One such message is enough, however many events wait."""
        return isinstance(message, IngestAdvanced)


class LabChanged(Message):
    """The laboratory's state is another one; queued ones collapse."""

    def can_replace(self, message: Message) -> bool:
        """One such message is enough: the state says everything."""
        return isinstance(message, LabChanged)


@dataclass
class IngestEnded(Message):
    """The ingest thread is about to end; nothing comes after this."""

    error: LinkyError | None
