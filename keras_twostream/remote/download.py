"""Downloads: whole and checked in their place, or not there at all.

Nothing that comes is unpacked, unpickled or run.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path

from keras_twostream.remote.bar import byte_bar
from keras_twostream.remote.cache import (
    OFFLINE_VARIABLE,
    fault_of,
    is_offline,
    text_hash,
)
from keras_twostream.remote.part import Part, claimed
from keras_twostream.remote.web import (
    AddressError,
    blocks,
    is_remote,
    length_of,
    opened,
    read_remote,
)

__all__ = ["fetch", "is_remote", "read_remote"]

# How often an address is asked that breaks off, but gives some more each time.
ATTEMPTS = 5

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_NO_SUCH_RANGE = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


@dataclass(frozen=True)
class _Wanted:
    """What a download must be, as far as that is known."""

    title: str
    sha256: str | None
    size: int | None

    def fault_of(self, part: Part) -> str:
        """Returns what is wrong with a file, in words; empty if nothing."""
        part.flush()
        return fault_of(part.path, self.sha256, self.size)


def fetch(
    addresses: Sequence[str],
    target: Path,
    *,
    sha256: str | None = None,
    size: int | None = None,
    title: str = "",
) -> Path:
    """Downloads a file, from the first address that has it.

    What is there after an interruption is continued, where the server can.
    The file appears in its place at once, after its size and hash were
    checked. Several processes may want it at the same time.

    Args:
        addresses: `http://` or `https://` addresses of the same bytes.
        target: Where to put it; what is there is replaced.
        sha256: Its hash in hexadecimal digits, if known.
        size: Its number of bytes, if known.
        title: What to call it.

    Returns:
        `target`.

    Raises:
        ValueError: If no address gives that file; the message has the reason
            for each. Also in offline mode.
        OSError: If it cannot be written.
    """
    wanted = _Wanted(title or target.name, sha256, size)
    if is_offline():
        raise ValueError(
            f"{wanted.title} would have to be downloaded from "
            f"{' or '.join(addresses)}, which ${OFFLINE_VARIABLE} forbids"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    for address in addresses:
        # Parts of different files never have the same name.
        key = (sha256 or text_hash(address))[:16]
        path = target.with_name(f".{target.name}.{key}.part")
        with claimed(path, target) as part:
            if part is None:
                return target
            try:
                _download(part, address, wanted)
            except AddressError as error:
                reasons.append(f"\n  {address}: {error}")
            else:
                part.become(target)
                return target
    raise ValueError(
        f"{wanted.title} could not be downloaded:{''.join(reasons)}"
    )


def _download(part: Part, address: str, wanted: _Wanted) -> None:
    """Completes a part file from an address, or raises what is wrong."""
    # Whoever began it may have ended just before it was in its place.
    if wanted.sha256 and not wanted.fault_of(part):
        return
    wrong = AddressError("gave nothing")
    for _ in range(ATTEMPTS):
        before = part.size
        try:
            begun = _continue(part, address, wanted)
        except AddressError as error:
            wrong = error
            if error.status == _NO_SUCH_RANGE:
                part.clear()
            elif part.size <= before:
                break
            continue
        if not (fault := wanted.fault_of(part)):
            return
        part.clear()
        wrong = AddressError(f"what it gives {fault}")
        # Else what was there before may be at fault.
        if not begun:
            break
    raise wrong


def _continue(part: Part, address: str, wanted: _Wanted) -> int:
    """Adds what an address has of a file, and returns from where on."""
    headers = part.headers(address, checked=wanted.sha256 is not None)
    with opened(address, headers) as answer:
        start, total = _extent(answer, part.size if headers else 0)
        _check(answer, total, wanted)
        part.begin(start, address, answer.headers.get("ETag"))
        with byte_bar(wanted.title, start, total) as advance:
            for block in blocks(answer):
                part.add(block)
                advance(len(block))
                if wanted.size is not None and part.size > wanted.size:
                    part.clear()
                    raise AddressError(f"gives more than {wanted.size:,} bytes")
    return start


def _extent(answer: HTTPResponse, asked: int) -> tuple[int, int | None]:
    """Returns where in the file an answer begins, and the file's size."""
    if answer.status == HTTPStatus.OK:
        return 0, length_of(answer)
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if not found or int(found[1]) != asked:
        raise AddressError(
            "gives another part of the file than it was asked for",
            _NO_SUCH_RANGE,
        )
    return asked, int(found[2]) if found[2].isdecimal() else None


def _check(answer: HTTPResponse, total: int | None, wanted: _Wanted) -> None:
    """Raises what can be told of an answer before it is read."""
    if wanted.size is not None and total not in (None, wanted.size):
        raise AddressError(
            f"what it gives has {total:,} bytes where {wanted.size:,} are "
            "wanted"
        )
    if wanted.sha256 is not None:
        return
    if total is None and wanted.size is None and not answer.chunked:
        raise AddressError("does not tell the size, and no hash is known")
    if answer.headers.get_content_type() == "text/html":
        raise AddressError("gives a web page, not a file")
