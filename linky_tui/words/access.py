"""How one gets at the stored readings with tools of one's own, in sentences."""

from __future__ import annotations

from linky_tui.storage.access import Access
from linky_tui.text.formatting import plain


def access_notes(access: Access) -> list[str]:
    """What one has to know to use the address, a sentence or two each."""
    notes = []
    if access.password_file is not None:
        notes.append(
            "mongosh asks for the password of the user linky, Compass has a field for it: it "
            f"stands in {plain(str(access.password_file))}. The port is open to programs of this "
            "machine alone."
        )
    elif access.private:
        notes.append(
            "That is a unix socket, which mongosh takes. Compass cannot open one: for Compass and "
            "other tools that need TCP, set local_port under [mongodb]."
        )
    elif "@" in access.address.partition("?")[0]:
        notes.append("The password is left out: mongosh asks for it, Compass has a field for it.")
    if access.private:
        notes.append(
            "The private server only answers while linky-tui runs: keep the application open."
        )
    return notes
