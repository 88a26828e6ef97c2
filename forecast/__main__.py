"""``python -m forecast``."""

import os
import sys


def leave_working_directory() -> None:
    """Take the folder that `-m` puts before the libraries off the path, unless the package itself is found there."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        here = os.getcwd()
    except OSError:  # it was removed, and is on no path
        return
    if not sys.flags.safe_path and sys.path[0] == here != home:
        del sys.path[0]


if __name__ == "__main__":
    leave_working_directory()

    from forecast.cli import main

    main()
