"""What worker threads tell the application. Handlers run on the interface's own thread."""

from __future__ import annotations

from textual.message import Message

from linky_tui.errors import LinkyError
from linky_tui.storage.connection import ServerInfo


class StoreOpened(Message):
    """MongoDB answers."""

    def __init__(self, server: ServerInfo) -> None:
        super().__init__()
        self.server = server


class StoreFailed(Message):
    """MongoDB does not answer, or not any more."""

    def __init__(self, error: LinkyError) -> None:
        super().__init__()
        self.error = error


class IngestAdvanced(Message):
    """Events wait in the ingest control's queue; queued ones collapse, no event is lost."""

    def can_replace(self, message: Message) -> bool:
        """One such message is enough, however many events wait."""
        return isinstance(message, IngestAdvanced)


class IngestEnded(Message):
    """The ingest thread is about to end; nothing comes after this."""

    def __init__(self, error: LinkyError | None) -> None:
        super().__init__()
        self.error = error
