"""Print the lowest versions that pyproject.toml allows, as constraints for pip.

Every ``name>=version`` among the dependencies and extras becomes ``name==version``, so that the
lower bounds are versions the tests have run with, not guesses.
"""

import re
import tomllib
from pathlib import Path

BOUND = re.compile(r"(?P<name>[A-Za-z0-9._-]+)>=(?P<version>[0-9][0-9.]*)")

project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"].values()
for requirement in [*project["dependencies"], *(each for extra in extras for each in extra)]:
    specifiers, _, marker = requirement.partition(";")
    if bound := BOUND.match(specifiers):
        line = f"{bound['name']}=={bound['version']}"
        print(f"{line} ;{marker}" if marker else line)
