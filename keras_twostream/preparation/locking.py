"""One run at a time on a folder."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Makes sure that nobody else works on a folder meanwhile.

    The lock is on the folder itself and goes with the process, however that
    ends. Where there are no such locks (Windows, some network file systems)
    there is none.

    Args:
        folder: The folder, which must exist.

    Raises:
        BlockingIOError: If another process holds it.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _take(handle, folder)
        yield
    finally:
        os.close(handle)


def _take(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BlockingIOError(
            f"Another run is at work on {folder}. Wait until it has ended."
        ) from error
    except OSError:
        return  # a file system without locks
