"""Files behind the schemes that TensorFlow's file system has registered."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from keras_twostream.remote.stores import OBJECTS, Status

_FILES = tf.io.gfile


class Files:
    """See `stores.Store`.

    Args:
        scheme: One that is registered.
    """

    def __init__(self, scheme: str) -> None:
        self.atomic = scheme in OBJECTS

    def status(self, address: str) -> Status | None:
        with _in_words(address):
            try:
                found = _FILES.stat(address)
            except tf.errors.NotFoundError:
                # Folders of object stores are no objects.
                is_folder = _FILES.isdir(address)
                return Status(0, "", True) if is_folder else None
        if found.is_directory:
            return Status(0, "", True)
        return Status(found.length, str(found.mtime_nsec or ""))

    def children(self, address: str) -> Iterator[tuple[str, bool]]:
        with _in_words(address):
            _, folders, files = next(_FILES.walk(address), ("", [], []))
        found = [(x, True) for x in folders] + [(x, False) for x in files]
        for name, is_folder in found:
            if plain := name.strip("/"):
                yield plain, is_folder

    def walk(self, address: str) -> Iterator[tuple[str, int | None]]:
        for name, is_folder in self.children(address):
            if is_folder:
                for below, size in self.walk(f"{address}/{name}"):
                    yield f"{name}/{below}", size
            else:
                yield name, None

    def read(self, address: str) -> bytes:
        with _in_words(address), _FILES.GFile(address, "rb") as file:
            return file.read()

    def fetch(self, address: str, target: Path, size: int) -> None:
        with _in_words(address):
            _FILES.copy(address, str(target), overwrite=True)

    def put(self, source: Path, address: str) -> None:
        with _in_words(address):
            if not self.atomic:
                _FILES.makedirs(address.rpartition("/")[0])
            _FILES.copy(str(source), address, overwrite=True)

    def move(self, address: str, target: str) -> None:
        with _in_words(address):
            _FILES.rename(address, target, overwrite=True)

    def remove(self, address: str) -> None:
        with _in_words(address):
            _FILES.remove(address)


@contextlib.contextmanager
def _in_words(address: str) -> Iterator[None]:
    """Turns errors of TensorFlow into those of Python."""
    try:
        yield
    except tf.errors.NotFoundError as error:
        raise FileNotFoundError(2, "there is no such file", address) from error
    except tf.errors.OpError as error:
        reason = error.message or type(error).__name__
        raise OSError(f"{address} cannot be used: {reason}") from error
