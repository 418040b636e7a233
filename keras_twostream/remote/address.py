"""Addresses that answer as paths do.

`pathlib.Path("s3://bucket/clip.avi")` is `s3:/bucket/clip.avi`, which is
nothing. So whoever takes a path from a user passes it through `as_path`, and
goes on with what that returns as if it were a `pathlib.Path`.
"""

import fnmatch
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, Self, cast
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from keras_twostream.remote.stores import WEB, Status, Store, store_of

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://(?P<rest>.*)")
# What is left of an address that went through `pathlib.Path`.
_DESTROYED = re.compile(r"(abfss?|az|gc?s|hdfs|https?|oss|s3):/[^/]")
# Signs that stand for themselves in the path of a web address.
_PLAIN = "/!$&'()*+,;=:@~"


def is_remote(place: str | os.PathLike) -> bool:
    """Returns whether a path is an address such as `s3://bucket/clip.avi`."""
    found = _ADDRESS.match(os.fspath(place))
    return found is not None and found["scheme"].lower() != "file"


def as_path(place: str | os.PathLike) -> Path:
    """Returns what has the methods of a path: `Path`, or `Address`.

    Args:
        place: Path, `file://` address, or address of any other kind.

    Raises:
        ValueError: If it is an address that `pathlib.Path` has spoilt.
    """
    text = os.fspath(place)
    if is_remote(text):
        # An address has every method of a path that this package uses.
        return cast(
            Path, place if isinstance(place, Address) else Address(text)
        )
    if text.lower().startswith("file://"):
        return Path(url2pathname(urlsplit(text).path))
    if isinstance(place, PurePath) and _DESTROYED.match(text):
        raise ValueError(
            "An address must be given as text, for `pathlib.Path` makes "
            f"{text!r} of it."
        )
    return Path(place)


class Address:
    """A file or a folder behind an address.

    It has the methods of `pathlib.Path` that read; what is written goes by
    `keras_twostream.remote.mirrored`. Two of them are equal if their texts
    are. Names in web addresses are quoted there, and plain here.

    Args:
        text: The address.
        is_folder: What it is, if that is known, to save a question.

    Raises:
        ValueError: If it is no address.
    """

    def __init__(self, text: str, is_folder: bool | None = None) -> None:
        found = _ADDRESS.fullmatch(text)
        if found is None:
            raise ValueError(f"An address is SCHEME://PATH. Received: {text!r}")
        self.scheme = found["scheme"].lower()
        rest, self._query = found["rest"], ""
        if self.scheme in WEB:
            rest, mark, query = rest.partition("#")[0].partition("?")
            self._query = mark + query
        self._host: str
        self._host, _, path = rest.partition("/")
        plain = unquote(path) if self.scheme in WEB else path
        self._path = PurePosixPath("/", plain.lstrip("/"))
        self._text = text.rstrip("/") if path else text
        if self.scheme in WEB and rest.endswith("/"):
            is_folder = True
        self._is_folder = is_folder

    def __str__(self) -> str:
        return self._text

    def __fspath__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __lt__(self, other: Self) -> bool:
        return self._text < other._text

    def __truediv__(self, name: str | os.PathLike) -> Path:
        text = os.fspath(name)
        if is_remote(text) or text.startswith("/"):
            return as_path(name)
        return self._at(self._path / text)

    @property
    def name(self) -> str:
        return self._path.name or self._host

    @property
    def stem(self) -> str:
        return self._path.stem

    @property
    def suffix(self) -> str:
        return self._path.suffix

    @property
    def parent(self) -> Path:
        return self._at(self._path.parent, True)

    def as_posix(self) -> str:
        return self._text

    def absolute(self) -> Self:
        return self

    resolve = expanduser = absolute

    def is_relative_to(self, other: str | os.PathLike) -> bool:
        base = as_path(other)
        return (
            isinstance(base, Address)
            and (base.scheme, base._host) == (self.scheme, self._host)
            and self._path.is_relative_to(base._path)
        )

    def relative_to(self, other: str | os.PathLike) -> PurePosixPath:
        if not self.is_relative_to(other):
            raise ValueError(f"{self} is not below {other}")
        return self._path.relative_to(cast(Address, as_path(other))._path)

    def status(self) -> Status | None:
        """Returns its size and version; `None` if there is nothing."""
        return self._store().status(self._text)

    def exists(self) -> bool:
        return self._is_folder is not None or self.status() is not None

    def is_dir(self) -> bool:
        if self._is_folder is None:
            found = self.status()
            self._is_folder = found.is_folder if found else None
        return bool(self._is_folder)

    def is_file(self) -> bool:
        self.is_dir()
        return self._is_folder is False

    def stat(self) -> Status:
        """Returns its `st_size`, and what changes when its content does."""
        if (found := self.status()) is None:
            raise FileNotFoundError(2, "there is no such file", self._text)
        return found

    def read_bytes(self) -> bytes:
        return self._store().read(self._text)

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.read_bytes().decode(encoding)

    def open(self, mode: str = "r", encoding: str = "utf-8") -> IO:
        if mode == "rb":
            return io.BytesIO(self.read_bytes())
        if mode == "r":
            return io.StringIO(self.read_text(encoding))
        raise OSError(f"{self} can only be read here. Received: mode={mode!r}")

    def iterdir(self) -> Iterator[Path]:
        for name, is_folder in self._store().children(self._text):
            yield self._at(self._path / name, is_folder)

    def glob(self, pattern: str) -> Iterator[Path]:
        """Yields what lies in the folder under a name like `pattern`."""
        for path in self.iterdir():
            if fnmatch.fnmatchcase(path.name, pattern):
                yield path

    def rglob(self, pattern: str) -> Iterator[Path]:
        """Yields all files below, no folders, with a name like `pattern`."""
        for name, _ in self._store().walk(self._text):
            path = self._at(self._path / name, False)
            if fnmatch.fnmatchcase(path.name, pattern):
                yield path

    def _at(self, path: PurePosixPath, is_folder: bool | None = None) -> Path:
        """Returns another place of the same host."""
        plain = str(path)
        text = quote(plain, safe=_PLAIN) if self.scheme in WEB else plain
        whole = f"{self.scheme}://{self._host}{text}"
        return cast(Path, Address(whole, is_folder))

    def _store(self) -> Store:
        return store_of(self.scheme)
