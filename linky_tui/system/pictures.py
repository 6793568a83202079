"""A picture of the screen in a file, wherever there is a place for it."""

from __future__ import annotations

import os
from datetime import datetime

from linky_tui.domain.paris import PARIS
from linky_tui.errors import LinkyError, Side
from linky_tui.system.own_files import open_own, why
from linky_tui.system.paths import picture_dirs

_MOST_A_SECOND = 20


def save_picture(svg: str, page: str, taken_at: datetime, *, demo: bool) -> str:
    """Write a picture into the first folder that takes it, readable by this user only. Blocks.

    Gives the file's path. An existing file is never written to.

    Raises:
        LinkyError: no folder takes it; the cause names each.
    """
    stem = f"linky-tui-{page}-{taken_at.astimezone(PARIS):%Y%m%d-%H%M%S}"
    names = [f"{stem}.svg", *(f"{stem}-{number}.svg" for number in range(2, _MOST_A_SECOND))]
    problems = []
    for folder in picture_dirs(demo=demo):
        for name in names:
            path = folder / name
            try:
                descriptor = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            except FileExistsError:
                continue
            except OSError as error:
                problems.append(why(error, path))
                break
            try:
                with open(descriptor, "w", encoding="utf-8") as file:
                    file.write(svg)
            except OSError as error:
                path.unlink(missing_ok=True)
                problems.append(why(error, path))
                break
            return str(path)
    raise LinkyError(
        "The picture could not be saved",
        f"{'; '.join(problems) or 'There is no folder for it'}.",
        "Make one of these folders writable, or free some space, then press the key again.",
        sides=(Side.YOURS,),
    )
