"""Loading the configuration from its four sources."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from linky_tui.config.leftovers import remove_leftovers
from linky_tui.config.model import Config, DisplaySettings, EnedisSettings, Meter, MongoSettings
from linky_tui.config.read import Values, read_file, read_values
from linky_tui.config.sources import check_together, override
from linky_tui.domain.models import Flow
from linky_tui.errors import ConfigError
from linky_tui.system import paths
from linky_tui.text import redaction
from linky_tui.text.formatting import count_text, plain

CONFIG_VARIABLE = "LINKY_TUI_CONFIG"


def load(
    path: Path | None = None, environ: Mapping[str, str] | None = None, *, demo: bool = False
) -> Config:
    """The configuration from all its sources.

    Args:
        path: the file named on the command line; it has to exist. Without it the file that
            ``LINKY_TUI_CONFIG`` names, which has to exist too, or the one of this system.
        environ: the environment, that of the process where it is not given. A settings form
            gives ``{}``, to edit what the file says.
        demo: another file of this system, and no environment.

    Raises:
        ConfigError: with everything that is wrong in ``problems``.
    """
    variables = {} if demo else os.environ if environ is None else environ
    named = str(path) if path is not None else variables.get(CONFIG_VARIABLE, "")
    file = Path(os.path.expanduser(named)) if named else paths.config_file(demo=demo)
    content = read_file(file, must_exist=bool(named))
    if content.exists:
        remove_leftovers(Path(os.path.realpath(file)))
    values = read_values(content.tables or {}, plain(str(file)))
    values.problems[:0] = content.problems
    overridden = override(values, variables)
    return replace(
        checked(values, file),
        path=file,
        exists=content.exists,
        warnings=content.warnings,
        overridden=overridden,
    )


def checked(values: Values, file: Path) -> Config:
    """The configuration that values amount to; ``file`` names them in errors.

    Raises:
        ConfigError: with everything that is wrong in ``problems``.
    """
    check_together(values, plain(str(file)))
    if values.problems:
        raise config_error(values.problems, file)
    return from_values(values)


def from_values(values: Values) -> Config:
    """The configuration that checked values amount to, defaults for the rest.

    Its secrets are from now on kept out of every text (:mod:`linky_tui.text.redaction`).
    """
    redaction.protect_address(values.of("mongodb").get("uri", ""))
    for meter in values.meters:
        redaction.protect_token(str(meter.get("token", "")))
    return Config(
        mongodb=MongoSettings(**values.of("mongodb")),
        enedis=EnedisSettings(**values.of("enedis")),
        meters=tuple(
            Meter(**{**meter, "flow": Flow(meter.get("flow", Flow.CONSUMPTION))})  # type: ignore[arg-type]
            for meter in values.meters
        ),
        display=DisplaySettings(**values.of("display")),
        keys=dict(values.keys),
    )


def config_error(problems: Sequence[str], file: Path) -> ConfigError:
    """All problems in one error, as its ``problems``: the cause does not repeat them."""
    count = "a problem" if len(problems) == 1 else f"{count_text(len(problems))} problems"
    return ConfigError(
        f"The configuration has {count}",
        "It cannot be used as it is.",
        f"Correct {plain(str(file))}; config.example.toml explains every key.",
        tuple(problems),
    )
