"""A picture finds a place, says where, and never takes that of another file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from linky_tui.errors import LinkyError
from linky_tui.system import pictures
from linky_tui.system.own_files import open_own
from linky_tui.system.paths import state_dir
from linky_tui.system.pictures import save_picture
from tests.tools.app import NOW

STEM = "linky-tui-charts-20261122-100000"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with nothing in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_PICTURES_DIR", "XDG_DOWNLOAD_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_first_folder_that_is_there_gets_it(home: Path) -> None:
    found = []
    for folder in ("Downloads", "Pictures"):
        path = save_picture("<svg/>", "charts", NOW, demo=False)
        found.append(Path(path).parent)
        (home / folder).mkdir()
    last = Path(save_picture("<svg/>", "charts", NOW, demo=False))
    assert [*found, last.parent] == [
        state_dir() / "pictures",
        home / "Downloads",
        home / "Pictures",
    ]
    assert last.read_text() == "<svg/>"
    assert stat.S_IMODE(last.stat().st_mode) == 0o600


def test_what_is_there_already_is_left_alone(home: Path) -> None:
    (home / "Pictures").mkdir()
    paths = [save_picture(f"<svg>{n}</svg>", "charts", NOW, demo=False) for n in range(3)]
    assert len(set(paths)) == 3
    (home / "elsewhere").write_text("photograph")
    taken = Path(paths[0])
    taken.unlink()
    taken.symlink_to(home / "elsewhere")
    save_picture("<svg/>", "charts", NOW, demo=False)
    assert (home / "elsewhere").read_text() == "photograph"


def test_a_folder_that_refuses_is_passed_over_and_named_where_all_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "Pictures").mkdir()
    (home / "Downloads").mkdir()
    refused = {home / "Pictures"}

    def opening(path: Path, flags: int) -> int:
        if path.parent in refused:
            raise PermissionError(13, "Permission denied", str(path))
        return open_own(path, flags)

    monkeypatch.setattr(pictures, "open_own", opening)
    assert Path(save_picture("<svg/>", "charts", NOW, demo=False)).parent == home / "Downloads"
    refused |= {home / "Downloads", state_dir() / "pictures", home}
    with pytest.raises(LinkyError) as caught:
        save_picture("<svg/>", "charts", NOW, demo=False)
    assert all(str(folder) in caught.value.cause for folder in refused)
