"""A download in progress: a file that one process at a time makes longer."""

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from keras_twostream.remote import web
from keras_twostream.remote.cache import write_whole

try:
    import fcntl
except ImportError:
    # Without locks every process makes a file of its own.
    fcntl = None  # type: ignore[assignment]

# What promises the same bytes, and can be sent back as it came.
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')
# Seconds between looks at what another process does.
_PAUSE = 0.05


class Part:
    """The beginning of a file, open and ours alone.

    Beside it a note keeps the ETag of the address that it is from, so that
    the server can tell whether it still has the same file.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: Path, file: BinaryIO, kept: bool) -> None:
        self.path = path
        self._file = file
        self._kept = kept
        self._note = path.with_name(f"{path.name}.json")

    @property
    def size(self) -> int:
        """Number of bytes that are there."""
        return self._file.seek(0, os.SEEK_END)

    def headers(self, address: str, checked: bool) -> dict[str, str]:
        """Returns the headers that ask for the rest, or none for all.

        Args:
            address: Whom to ask.
            checked: Whether a hash will tell if parts of different files
                were mixed.
        """
        size = self.size
        etag = self._etags().get(address)
        if not size or not (etag or checked):
            return {}
        asked = {"Range": f"bytes={size}-"}
        return asked | {"If-Range": etag} if etag else asked

    def begin(self, start: int, address: str, etag: str | None) -> None:
        """Makes ready for bytes from `start` on: the end, or 0 for all."""
        if start:
            return
        self.clear()
        if etag and _STRONG_ETAG.fullmatch(etag):
            write_whole(self._note, json.dumps({address: etag}).encode())

    def add(self, block: bytes) -> None:
        """Makes it longer."""
        self._file.write(block)

    def flush(self) -> None:
        """Makes others see all of it."""
        self._file.flush()

    def clear(self) -> None:
        """Throws away what is there."""
        self._note.unlink(missing_ok=True)
        self._file.truncate(0)

    def become(self, target: Path) -> None:
        """Puts the whole file in its place, at once."""
        self.flush()
        if fcntl is None:
            # Such systems do not move open files.
            self._file.close()
        self._note.unlink(missing_ok=True)
        self.path.replace(target)
        # Not before: until then it is locked.
        self._file.close()

    def close(self) -> None:
        """Lets go of it; what is worth nothing to the next is removed."""
        if self._file.closed:
            return
        if not self._kept or not self.size:
            self._note.unlink(missing_ok=True)
            if fcntl is None:
                self._file.close()
            self.path.unlink(missing_ok=True)
        self._file.close()

    def _etags(self) -> dict[str, str]:
        try:
            told = json.loads(self._note.read_bytes())
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}


@contextmanager
def claimed(path: Path, target: Path) -> Iterator[Part | None]:
    """Yields the part file of a download, once no other process has it.

    While another process makes it longer this one waits. Where it does not
    get on, or where files cannot be locked, a private file is made instead.

    Args:
        path: The part file.
        target: What becomes of it.

    Yields:
        `Part`, or `None` if another process has made `target` meanwhile.
    """
    before = _stamp(target)
    part = _part(path)
    try:
        made = _stamp(target) not in (None, before)
        yield None if made else part
    finally:
        part.close()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Returns what changes when a file is replaced; `None` without one."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _part(path: Path) -> Part:
    """Returns a part file that nobody else writes to."""
    seen, since = None, time.monotonic()
    while fcntl is not None and time.monotonic() - since < 2 * web.TIMEOUT:
        try:
            if file := _locked(path):
                return Part(path, file, kept=True)
        except OSError:
            # This file system has no locks.
            break
        if (now := _stamp(path)) != seen:
            seen, since = now, time.monotonic()
        time.sleep(_PAUSE)
    own = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    own.unlink(missing_ok=True)
    return Part(own, own.open("a+b"), kept=False)


def _locked(path: Path) -> BinaryIO | None:
    """Opens and locks a file; `None` if another process has it."""
    file = path.open("a+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The one who had it may have put it in its place, or removed it.
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        file.close()
        raise
    file.close()
    return None
