"""Opens addresses: what is read comes whole, or it is said why not."""

import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit

from keras_twostream import __version__
from keras_twostream.remote.cache import (
    OFFLINE_VARIABLE,
    is_offline,
    text_hash,
    weights_dir,
    write_whole,
)

# Seconds without a byte after which a server counts as gone.
TIMEOUT = 30.0
# How many times an address may lead to another one.
HOPS = 5
# Most bytes of a file that is read into memory.
LIMIT = 1 << 22

_REDIRECTS = (301, 302, 303, 307, 308)
_AGENT = f"keras_twostream/{__version__}"
_BLOCK = 1 << 16
# What an opener is made of: nothing that reads files, FTP or data addresses.
_HANDLERS = (
    request.ProxyHandler,
    request.HTTPHandler,
    request.HTTPSHandler,
    request.HTTPDefaultErrorHandler,
    request.HTTPErrorProcessor,
)


class AddressError(ValueError):
    """Why an address does not give what it should, in words.

    Attributes:
        status: HTTP status, if that is why.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


def is_remote(text: str) -> bool:
    """Returns whether a text is an `http://` or `https://` address."""
    return str(text).lower().startswith(("http://", "https://"))


def read_remote(address: str, limit: int = LIMIT) -> bytes:
    """Returns a small file behind an address.

    A copy is kept in the folder of downloads, for offline mode.

    Args:
        address: `http://` or `https://` address.
        limit: Most bytes that it may have.

    Raises:
        ValueError: If it cannot be had; the message names the address.
    """
    kept = weights_dir() / "pages" / text_hash(address)
    if is_offline():
        if kept.is_file():
            return kept.read_bytes()
        raise ValueError(
            f"{address} was never read here, and ${OFFLINE_VARIABLE} forbids "
            "to read it now"
        )
    content = bytearray()
    try:
        with opened(address) as answer:
            for block in blocks(answer):
                content += block
                if len(content) > limit:
                    raise AddressError(f"has more than {limit:,} bytes")
    except AddressError as error:
        raise ValueError(f"{address} cannot be read: {error}") from error
    with suppress(OSError):
        write_whole(kept, bytes(content))
    return bytes(content)


@contextmanager
def opened(
    address: str, headers: Mapping[str, str] | None = None
) -> Iterator[HTTPResponse]:
    """Opens an address and yields the answer.

    Redirections are followed, but never from https to http nor to any other
    scheme. Proxies and certificates are those of the environment.

    Args:
        address: `http://` or `https://` address.
        headers: Further headers of the request.

    Raises:
        AddressError: If there is no answer, or not the file.
    """
    with _in_words():
        answer = _answer(address, dict(headers or {}))
    with answer:
        if answer.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise AddressError(f"answers {answer.status}", answer.status)
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise AddressError("answers with another encoding of the file")
        yield answer


def length_of(answer: HTTPResponse) -> int | None:
    """Returns the number of bytes that an answer promises, if it does."""
    told = answer.headers.get("Content-Length", "")
    return int(told) if told.isdecimal() and not answer.chunked else None


def blocks(answer: HTTPResponse) -> Iterator[bytes]:
    """Yields the body of an answer as it arrives.

    Raises:
        AddressError: If it stalls or breaks off.
    """
    promised, received = length_of(answer), 0
    while True:
        with _in_words():
            block = answer.read1(_BLOCK)
        if not block:
            break
        received += len(block)
        yield block
    if promised not in (None, received):
        raise AddressError(
            f"broke off after {received:,} of {promised:,} bytes"
        )


def _answer(address: str, headers: dict[str, str]) -> HTTPResponse:
    """Asks an address, and those that it leads to."""
    headers = {"User-Agent": _AGENT, **headers}
    for _ in range(HOPS + 1):
        if not is_remote(address):
            raise AddressError("is no http or https address")
        asked = request.Request(address, headers=headers)
        try:
            return _opener().open(asked, timeout=TIMEOUT)
        except HTTPError as error:
            error.close()
            location = error.headers.get("Location")
            if error.code not in _REDIRECTS or not location:
                reason = f"answers {error.code} {error.reason}"
                raise AddressError(reason, error.code) from error
        address = _next(address, location)
    raise AddressError(f"leads on more than {HOPS} times")


def _opener() -> request.OpenerDirector:
    opener = request.OpenerDirector()
    for handler in _HANDLERS:
        opener.add_handler(handler())
    return opener


def _next(address: str, location: str) -> str:
    """Returns where a redirection leads, if that is allowed."""
    # Headers are read as Latin-1, whatever they were written in.
    location = quote(location, safe=string.punctuation, encoding="latin-1")
    target = urljoin(address, location)
    secure = urlsplit(address).scheme == "https"
    if not is_remote(target) or (secure and urlsplit(target).scheme == "http"):
        allowed = "https" if secure else "http or https"
        raise AddressError(f"leads to {target}, and {allowed} alone is allowed")
    return target


@contextmanager
def _in_words() -> Iterator[None]:
    """Turns what can happen to a connection into an `AddressError`."""
    try:
        yield
    except AddressError:
        raise
    except (OSError, HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, TimeoutError):
            reason = f"sent nothing for {TIMEOUT:g} seconds"
        raise AddressError(str(reason) or type(reason).__name__) from error
