"""``python -m forecast``."""

import os
import sys


def leave_working_directory() -> None:
    """Remove the working directory, which `-m` puts first on the path, unless it holds the package itself."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        here = os.getcwd()
    except OSError:  # it has been removed, and is not on the path
        return
    if not sys.flags.safe_path and sys.path[0] == here != home:
        del sys.path[0]


if __name__ == "__main__":
    leave_working_directory()

    from forecast.cli import main

    main()
