"""Files behind addresses -> copies on this machine.

A copy is kept in `remote` beside the downloaded weights, in a folder whose
name changes with the address, the size and the version that the store tells.
What has changed there is copied anew, what has not is copied once. Who goes
through many files `borrows` them: such copies are gone afterwards.
"""

import contextlib
import contextvars
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from keras_twostream.remote.address import Address, as_path
from keras_twostream.remote.cache import (
    OFFLINE_VARIABLE,
    is_offline,
    text_hash,
    weights_dir,
)
from keras_twostream.remote.stores import Status, store_of

# How often a file is copied that changes meanwhile.
_ATTEMPTS = 3
# Most characters of a name, and digits of a hash.
_NAME, _DIGITS = 100, 16
# Seconds after which borrowed copies are what a killed process left.
_ABANDONED = 48 * 3600

_borrowed: contextvars.ContextVar[Path | None] = contextvars.ContextVar(
    "borrowed", default=None
)


def copies_dir() -> Path:
    """Returns the folder of copies, see `remote.cache.weights_dir`."""
    return weights_dir().with_name("remote")


def local_copy(place: str | os.PathLike) -> Path:
    """Returns a file of this machine with the content of another.

    Args:
        place: Path, which is returned, or address of a file.

    Raises:
        FileNotFoundError: If there is nothing at the address.
        OSError: If it cannot be read, or changes all the time.
        ValueError: If nothing here opens such addresses, or offline mode
            forbids to and no copy was kept.
    """
    address = as_path(place)
    if not isinstance(address, Address):
        return address
    base = copies_dir() / text_hash(str(address))[:_DIGITS]
    lent = _borrowed.get()
    if lent and (copy := _any_copy(lent / base.name)):
        return copy
    if is_offline():
        if copy := _any_copy(base):
            return copy
        raise ValueError(
            f"{address} was never copied to this machine, and "
            f"${OFFLINE_VARIABLE} forbids to do so now"
        )
    status = _file_status(address)
    copy = _place(base, address, status)
    # Without a version nobody knows whether it has changed.
    if status.version and _is_whole(copy, status):
        return copy
    return _copied(address, lent / base.name if lent else base, status)


@contextlib.contextmanager
def borrowing() -> Iterator[None]:
    """Removes, in the end, the copies that are made meanwhile."""
    parent = copies_dir() / "borrowed"
    _clear_abandoned(parent)
    # Where nothing is copied nothing is made.
    folder = parent / f"{os.getpid()}-{time.monotonic_ns()}"
    token = _borrowed.set(folder)
    try:
        yield
    finally:
        _borrowed.reset(token)
        shutil.rmtree(folder, ignore_errors=True)


def stamp(place: str | os.PathLike) -> tuple[int, int | str]:
    """Returns the bytes of a file and what changes with its content.

    Raises:
        OSError: If there is no such file.
        ValueError: If nothing here opens such addresses.
    """
    path = as_path(place)
    if isinstance(path, Address):
        status = _file_status(path)
        return status.st_size, status.version
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _copied(address: Address, base: Path, status: Status) -> Path:
    """Copies a file below a folder, and removes its earlier versions."""
    store = store_of(address.scheme)
    for _ in range(_ATTEMPTS):
        copy = _place(base, address, status)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=base) as folder:
            partial = Path(folder) / copy.name
            store.fetch(str(address), partial, status.st_size)
            found = partial.stat().st_size
            again = _file_status(address)
            if again == status and found == status.st_size:
                partial.replace(copy)
                _clear(base, copy.parent)
                return copy
        status = again
    raise OSError(
        f"{address} gave {found:,} bytes where {status.st_size:,} were told, "
        "or changed while it was copied."
    )


def _file_status(address: Address) -> Status:
    status = address.stat()
    if status.is_folder:
        raise IsADirectoryError(21, "it is a folder", str(address))
    return status


def _place(base: Path, address: Address, status: Status) -> Path:
    version = text_hash(f"{status.st_size} {status.version}")[:_DIGITS]
    return base / version / address.name[-_NAME:]


def _is_whole(copy: Path, status: Status) -> bool:
    return copy.is_file() and copy.stat().st_size == status.st_size


def _any_copy(base: Path) -> Path | None:
    """Returns the newest copy of a file, of whatever version."""
    digits = "?" * _DIGITS
    found = base.glob(f"{digits}/*")
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _clear(base: Path, kept: Path) -> None:
    for other in base.iterdir():
        if other != kept and len(other.name) == _DIGITS:
            shutil.rmtree(other, ignore_errors=True)


def _clear_abandoned(parent: Path) -> None:
    limit = time.time() - _ABANDONED
    with contextlib.suppress(OSError):
        for folder in parent.iterdir():
            if folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)
