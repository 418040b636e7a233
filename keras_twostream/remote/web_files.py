"""Files behind `http://` and `https://`, by the standard library.

A folder is a page of links to what is in it, as web servers make them.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

from keras_twostream.remote.download import fetch
from keras_twostream.remote.stores import Status
from keras_twostream.remote.web import AddressError, blocks, length_of, opened

_TOTAL = re.compile(r"bytes .*/(\d+)")
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
# Asks for as little as can be. Many servers do not answer HEAD.
_FIRST_BYTE = {"Range": "bytes=0-0"}


class Files:
    """See `stores.Store`.

    Args:
        scheme: "http" or "https".
    """

    atomic = True

    def __init__(self, scheme: str) -> None:
        self._scheme = scheme

    def status(self, address: str) -> Status | None:
        try:
            with opened(address, _FIRST_BYTE) as answer:
                return _status(answer)
        except AddressError as error:
            if error.status in _GONE:
                return None
            if error.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return Status(0, "")
            raise _failed(address, error) from error

    def children(self, address: str) -> Iterator[tuple[str, bool]]:
        base = f"{address}/"
        page = _Links()
        page.feed(self.read(base).decode("utf-8", "replace"))
        seen = set()
        for link in page.links:
            whole = urljoin(base, link).partition("#")[0]
            inner = whole.removeprefix(base)
            name = unquote(inner).rstrip("/")
            if whole == inner or "?" in inner or not name or "/" in name:
                continue
            if name not in seen:
                seen.add(name)
                yield name, inner.endswith("/")

    def walk(self, address: str) -> Iterator[tuple[str, int | None]]:
        for name, is_folder in self.children(address):
            if not is_folder:
                yield name, None
                continue
            for below, size in self.walk(f"{address}/{quote(name)}"):
                yield f"{name}/{below}", size

    def read(self, address: str) -> bytes:
        try:
            with opened(address) as answer:
                return b"".join(blocks(answer))
        except AddressError as error:
            raise _failed(address, error) from error

    def fetch(self, address: str, target: Path, size: int) -> None:
        try:
            fetch([address], target, size=size, title=unquote(target.name))
        except ValueError as error:
            raise OSError(str(error)) from error

    def put(self, source: Path, address: str) -> None:
        raise OSError(
            f"{address} cannot be written: {self._scheme} addresses can only "
            "be read."
        )

    def move(self, address: str, target: str) -> None:
        self.put(Path(), target)

    def remove(self, address: str) -> None:
        self.put(Path(), address)


class _Links(HTMLParser):
    """Collects where the links of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        found = dict(attrs).get("href") if tag == "a" else None
        if found:
            self.links.append(found)


def _status(answer: HTTPResponse) -> Status:
    if urlsplit(answer.geturl()).path.endswith("/"):
        return Status(0, "", is_folder=True)
    told = _TOTAL.fullmatch(answer.headers.get("Content-Range", ""))
    size = int(told[1]) if told else length_of(answer)
    if size is None:
        raise AddressError("does not tell the size")
    tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
    return Status(size, tag or "")


def _failed(address: str, error: AddressError) -> OSError:
    if error.status in _GONE:
        return FileNotFoundError(2, str(error), address)
    return OSError(f"{address} cannot be read: {error}")
