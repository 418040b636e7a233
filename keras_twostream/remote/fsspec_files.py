"""Files behind the schemes that fsspec opens."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec

from keras_twostream.remote.stores import OBJECTS, Status

# What file systems call that which changes with a file's content.
_VERSIONS = (
    *("ETag", "etag", "md5Hash", "content_md5", "checksum"),
    *("mtime", "LastModified", "last_modified", "updated", "modified"),
)


class Files:
    """See `stores.Store`.

    Args:
        scheme: One that fsspec opens.
    """

    def __init__(self, scheme: str) -> None:
        self.atomic = scheme in OBJECTS

    def status(self, address: str) -> Status | None:
        with _opened(address) as (system, path):
            # Else it may tell what it was told before.
            system.invalidate_cache()
            try:
                found = system.info(path)
            except FileNotFoundError:
                return None
        if found["type"] == "directory":
            return Status(0, "", True)
        told = (found[name] for name in _VERSIONS if found.get(name))
        return Status(int(found["size"]), str(next(told, "")))

    def children(self, address: str) -> Iterator[tuple[str, bool]]:
        with _opened(address) as (system, path):
            system.invalidate_cache()
            for entry in system.ls(path, detail=True):
                name = entry["name"].rstrip("/")
                if name and name != path.rstrip("/"):
                    is_folder = entry["type"] == "directory"
                    yield name.rpartition("/")[2], is_folder

    def walk(self, address: str) -> Iterator[tuple[str, int | None]]:
        with _opened(address) as (system, path):
            system.invalidate_cache()
            base = path.rstrip("/") + "/"
            for name, entry in system.find(path, detail=True).items():
                if name.startswith(base):
                    yield name.removeprefix(base), entry["size"]

    def read(self, address: str) -> bytes:
        with _opened(address) as (system, path):
            return system.cat_file(path)

    def fetch(self, address: str, target: Path, size: int) -> None:
        with _opened(address) as (system, path):
            system.get_file(path, str(target))

    def put(self, source: Path, address: str) -> None:
        with _opened(address) as (system, path):
            if not self.atomic:
                system.makedirs(path.rpartition("/")[0], exist_ok=True)
            system.put_file(str(source), path)

    def move(self, address: str, target: str) -> None:
        with _opened(address) as (system, path):
            system.mv(path, system._strip_protocol(target))

    def remove(self, address: str) -> None:
        with _opened(address) as (system, path):
            system.rm_file(path)


@contextlib.contextmanager
def _opened(address: str) -> Iterator[tuple[Any, str]]:
    """Yields the file system of an address and the path in it."""
    try:
        yield fsspec.core.url_to_fs(address)
    except OSError as error:
        if address in str(error):
            raise
        raise type(error)(f"{address}: {error}") from error
    except Exception as error:
        # Libraries of clouds raise kinds of their own.
        raise OSError(f"{address}: {error!r}") from error
