"""Who can open the addresses of a scheme.

TensorFlow's file system is asked what it has registered, for it can do more
once tensorflow-io is imported: the import alone proves nothing, since it
succeeds where its libraries cannot be loaded. fsspec is asked where
TensorFlow cannot, and first in processes that did without TensorFlow so far:
workers that decode would wait for it and hold its memory for nothing. The web
needs neither.
"""

import contextlib
import functools
import importlib
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

WEB = ("http", "https")
# Where a file appears when it is whole, and there are no folders.
OBJECTS = ("gcs", "gs", "oss", "s3", "s3a")
# Scheme -> extras of this package that open it. For others fsspec has more
# packages than can be listed here, and says which.
_TFIO = "keras_twostream[tfio] with TensorFlow 2.16 or 2.17 on Linux"
_EXTRAS = {
    "s3": f"keras_twostream[remote] would, or {_TFIO}",
    **dict.fromkeys(("az", "har", "hdfs", "oss", "viewfs"), f"{_TFIO} would"),
}
_MODULES = {
    "web": "keras_twostream.remote.web_files",
    "tensorflow": "keras_twostream.remote.tensorflow_files",
    "fsspec": "keras_twostream.remote.fsspec_files",
}


class Status(NamedTuple):
    """What a store says of a file or a folder.

    Attributes:
        st_size: Bytes of a file.
        version: What changes with its content, such as an ETag; empty if
            the store has nothing of that kind.
        is_folder: Whether it is a folder.
    """

    st_size: int
    version: str
    is_folder: bool = False


class Store(Protocol):
    """What can be done with the addresses of a scheme.

    Every method raises `OSError` with the address in it if it fails.
    """

    # Whether a file that is being written cannot be seen half-done.
    atomic: bool

    def status(self, address: str) -> Status | None:
        """Returns what is there; `None` if nothing is."""

    def children(self, address: str) -> Iterator[tuple[str, bool]]:
        """Yields name and whether it is a folder, of all in a folder."""

    def walk(self, address: str) -> Iterator[tuple[str, int | None]]:
        """Yields relative path and bytes, if known, of all files below."""

    def read(self, address: str) -> bytes:
        """Returns the content of a small file."""

    def fetch(self, address: str, target: Path, size: int) -> None:
        """Copies a file to this machine."""

    def put(self, source: Path, address: str) -> None:
        """Copies a file from this machine; what is there is replaced."""

    def move(self, address: str, target: str) -> None:
        """Renames a file; what has that name is replaced."""

    def remove(self, address: str) -> None:
        """Removes a file."""


def store_of(scheme: str) -> Store:
    """Returns what opens the addresses of a scheme.

    Raises:
        ValueError: If nothing here does; the message says what would.
    """
    if scheme in WEB:
        return _load("web", scheme)
    if "tensorflow" in sys.modules and scheme in schemes():
        return _load("tensorflow", scheme)
    if not fsspec_lacks(scheme):
        return _load("fsspec", scheme)
    if scheme in schemes():
        return _load("tensorflow", scheme)
    raise ValueError(_nothing_opens(scheme))


@functools.cache
def schemes() -> frozenset[str]:
    """Returns the schemes that TensorFlow's file system has registered."""
    if importlib.util.find_spec("tensorflow_io") is not None:
        # With other versions of TensorFlow it warns, and registers nothing:
        # what is registered decides.
        with warnings.catch_warnings(), contextlib.suppress(Exception):
            warnings.simplefilter("ignore")
            importlib.import_module("tensorflow_io")
    files = _tensorflow().io.gfile
    return frozenset(
        name.decode() if isinstance(name, bytes) else name
        for name in files.get_registered_schemes()
    ) - {""}


@functools.cache
def fsspec_lacks(scheme: str) -> str:
    """Returns why fsspec does not open a scheme; empty if it does."""
    if importlib.util.find_spec("fsspec") is None:
        return "fsspec is not installed"
    try:
        importlib.import_module("fsspec").get_filesystem_class(scheme)
    except (ImportError, ValueError) as error:
        return f"fsspec says {str(error)!r}"
    return ""


@functools.cache
def _load(way: str, scheme: str) -> Any:
    """Returns the store, without importing the others."""
    return importlib.import_module(_MODULES[way]).Files(scheme)


def _tensorflow() -> Any:
    return importlib.import_module("tensorflow")


def _nothing_opens(scheme: str) -> str:
    found = ", ".join(sorted(schemes()))
    extra = _EXTRAS.get(scheme, "no extra of keras_twostream would")
    return (
        f"Nothing here opens {scheme}:// addresses: TensorFlow "
        f"{_tensorflow().__version__} has registered {found}, and "
        f"{fsspec_lacks(scheme)}; {extra}."
    )
