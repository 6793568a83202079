"""The configuration: what it holds, and loading it from its four sources.

Precedence: command line, environment, file, default. What the variables mean:

* ``LINKY_TUI_CONFIG`` names the file;
* ``LINKY_TUI_MONGODB_URI`` goes before ``[mongodb] uri``;
* ``LINKY_TUI_TOKEN`` is the token of every meter;
* ``LINKY_TUI_PRM`` selects the meters of the file with that PRM, or stands for one consumption
  meter that the file does not know.

A token without any PRM (in the environment without a meter in the file, or in the file's only
meter) leaves the PRM to the token: see :attr:`Config.prm_from_token`. An empty variable counts
as not set. The demo ignores all four: simulated readings never reach a real database because
a shell profile names it.

This is ground floor: it imports no part of the application above it and nothing heavy.
"""

from linky_tui.config.load import CONFIG_VARIABLE, config_error, from_values, load
from linky_tui.config.model import Config, DisplaySettings, EnedisSettings, Meter, MongoSettings

__all__ = [
    "CONFIG_VARIABLE",
    "Config",
    "DisplaySettings",
    "EnedisSettings",
    "Meter",
    "MongoSettings",
    "config_error",
    "from_values",
    "load",
]
