from __future__ import annotations

from pathlib import Path

import time_machine

from linky_tui.system.own_files import set_aside


def test_what_is_set_aside_is_kept_with_what_belongs_to_it(tmp_path: Path) -> None:
    path = tmp_path / "count"
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        for content in ("one", "two"):
            path.write_text(content)
            Path(f"{path}-journal").write_text(f"of {content}")
            set_aside(path, sidecars=("-journal", "-wal"))
        set_aside(path)
    kept = {entry.name: entry.read_text() for entry in tmp_path.glob("count*")}
    assert kept.pop("count.corrupt-20261122T120000Z") == "one"
    assert kept.pop("count.corrupt-20261122T120000Z-journal") == "of one"
    assert sorted(kept.values()) == ["of two", "two"]
    assert all(name.startswith("count.corrupt-20261122T120000Z-") for name in kept)
