"""Where the archive of this machine lies, and how files of an archive are read from a folder or an address."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from forecast.core.errors import DataError, MissingExtraError
from forecast.core.input_files import InputFile

VARIABLE = "FORECAST_ARCHIVE"
MOST_BYTES = 1 << 31  # of one part


def default_folder() -> Path:
    """The folder that `FORECAST_ARCHIVE` names, else `archive` in the user's own data folder of this package."""
    if named := os.environ.get(VARIABLE, "").strip():
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("forecast", appauthor=False)) / "archive"


def is_address(place: str | Path) -> bool:
    """Whether a place is an address that fsspec reads, such as https:// or s3://, and no folder of this machine."""
    return "://" in str(place)


def reader(place: str | Path) -> Callable[[str], bytes | None]:
    """A function that reads a file of the archive by its name, None where there is none; DataError where it cannot be read."""
    return _address_reader(str(place)) if is_address(place) else _folder_reader(Path(place))


def _folder_reader(folder: Path) -> Callable[[str], bytes | None]:
    def read(name: str) -> bytes | None:
        path = folder / name
        return InputFile(path, "file of the archive").data(MOST_BYTES) if os.path.lexists(path) else None

    return read


def _address_reader(address: str) -> Callable[[str], bytes | None]:
    try:
        import fsspec

        system, root = fsspec.core.url_to_fs(address)
    except ImportError as error:
        reason = str(error).partition("\n")[0]
        hint = 'pip install "forecast[remote]"; or copy the archive into a folder and name that'
        raise MissingExtraError(f"an archive at an address needs fsspec: {reason}", where=address, hint=hint) from None
    except Exception as error:  # of whatever library reads this kind of address
        raise _unreadable(address, error) from None

    def read(name: str) -> bytes | None:
        try:
            return bytes(system.cat_file(f"{root.rstrip('/')}/{name}"))
        except FileNotFoundError:
            return None
        except Exception as error:  # as above
            raise _unreadable(f"{address.rstrip('/')}/{name}", error) from None

    return read


def _unreadable(address: str, error: Exception) -> DataError:
    reason: Any = str(error).partition("\n")[0] or type(error).__name__
    return DataError(f"the archive cannot be read: {reason}", where=address, hint="the address of a published archive's folder")
