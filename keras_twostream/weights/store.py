"""Weights on this machine: used where they lie, or downloaded and kept.

Whatever has a known hash is checked each time it is used. Nothing that comes
is unpacked, unpickled or run.
"""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from keras_twostream.remote.cache import fault_of, weights_dir
from keras_twostream.remote.web import is_remote
from keras_twostream.weights.entry import OWN_FORMATS, Weights
from keras_twostream.weights.kept import Download, kept

__all__ = ["fetch_address", "fetch_file", "weights_dir"]

# Names of files beside an entry: no way into another folder.
_NAME = re.compile(r"(?!.*\.\.)[\w+-][\w.+-]*", re.ASCII)
_SUFFIX = re.compile(r"\.\w{1,12}", re.ASCII)
_FRAGMENT = re.compile(r"sha256=([0-9a-f]{64})", re.IGNORECASE)


def fetch_file(entry: Weights, address: Callable[[str], str | Path]) -> Path:
    """Returns the file of an entry, downloaded if need be.

    A file here is used in its place; others are kept in `weights_dir()`.
    Either way size and hash are checked, each time.

    Args:
        entry: What is known of the weights.
        address: Returns the path or the address of a file beside the entry.

    Raises:
        ValueError: If the file is not the entry's, cannot be downloaded, or
            the entry names a file in another folder.
        FileNotFoundError: If a file that should be here is not.
    """
    file = entry.file
    places = [_place(url, address, entry.name) for url in file.urls]
    for place in places:
        if isinstance(place, Path) and place.is_file():
            if fault := fault_of(place, file.sha256, file.bytes):
                raise ValueError(
                    f"{place} is damaged, or not the file of {entry.name}: "
                    f"it {fault}"
                )
            return place
    remote = [place for place in places if isinstance(place, str)]
    if not remote:
        raise FileNotFoundError(
            f"There is no file {places[0]}, the weights of {entry.name}"
        )
    own = file.format in OWN_FORMATS
    download = Download(
        addresses=remote,
        title=entry.name,
        stem=entry.name,
        suffix=f".{file.format}" if own else _suffix(remote[0]),
        sha256=file.sha256,
        size=file.bytes,
        plain=not own,
    )
    return kept(download)


def fetch_address(address: str) -> Path:
    """Returns the `.keras` file behind an address, downloaded if need be.

    Args:
        address: `https://` address, with `#sha256=` and the hash at its end
            if that is known; `http://` only so. Without it the hash of the
            first download is recorded, and later ones must be the same.

    Raises:
        ValueError: If it is no such address, or cannot be downloaded.
    """
    plain, mark, fragment = address.partition("#")
    path = PurePosixPath(urlsplit(plain).path)
    if not is_remote(plain) or path.suffix != ".keras":
        raise ValueError(
            "A trained model is the address of a .keras file. Received: "
            f"{address!r}"
        )
    told = _FRAGMENT.fullmatch(fragment)
    if mark and not told:
        raise ValueError(
            "After the # of an address stands sha256= and 64 hexadecimal "
            f"digits. Received: {address!r}"
        )
    download = Download(
        addresses=[plain],
        title=path.name,
        stem=re.sub(r"[^\w-]+", "_", path.stem, flags=re.ASCII),
        suffix=".keras",
        sha256=told[1].lower() if told else None,
    )
    return kept(download)


def _place(
    url: str, address: Callable[[str], str | Path], name: str
) -> str | Path:
    """Returns where a file of an entry is: here, or behind an address."""
    if is_remote(url):
        return url
    if not _NAME.fullmatch(url):
        raise ValueError(
            f"{name} must name https addresses, or files beside its entry by "
            f"their plain names. Received: {url!r}"
        )
    return address(url)


def _suffix(address: str) -> str:
    """Returns the suffix of what others published, which tells its format."""
    suffix = PurePosixPath(urlsplit(address).path).suffix
    return suffix if _SUFFIX.fullmatch(suffix) else ""
