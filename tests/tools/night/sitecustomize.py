"""Sets the clock of a process ahead as soon as it starts: see tests/tools/clock.py."""

import os
import time

import time_machine

time_machine.travel(time.time() + float(os.environ["TESTS_CLOCK_AHEAD_S"]), tick=True).start()
