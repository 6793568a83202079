"""``python -m linky_tui``."""

import sys

from linky_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
