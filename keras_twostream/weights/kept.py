"""Downloads that are kept, and checked each time they are used."""

import dataclasses
import json
import logging
from dataclasses import dataclass
from pathlib import Path

from keras_twostream.remote.cache import (
    fault_of,
    file_hash,
    text_hash,
    weights_dir,
    write_whole,
)
from keras_twostream.remote.download import fetch
from keras_twostream.weights.entry import SHA256

logger = logging.getLogger("keras_twostream")

# Longest beginning of a name that is kept, and digits of the hash after it.
_STEM, _DIGITS = 80, 16


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file behind addresses, and what is known of it.

    Attributes:
        addresses: `http://` or `https://` addresses of the same bytes.
        title: What to call it.
        stem: Beginning of its name here.
        suffix: End of its name here.
        sha256: Its hash in hexadecimal digits, if known.
        size: Its number of bytes, if known.
        plain: Whether http will do although no hash is known, as for arrays
            that their authors publish so.
    """

    addresses: list[str]
    title: str
    stem: str
    suffix: str
    sha256: str | None
    size: int | None = None
    plain: bool = False

    @property
    def target(self) -> Path:
        """Where it is kept; other bytes have other names."""
        digits = self.sha256 or text_hash(self.addresses[0])
        name = f"{self.stem[:_STEM]}.{digits[:_DIGITS]}{self.suffix}"
        return weights_dir() / name


def kept(download: Download) -> Path:
    """Returns a file that is checked, downloaded if need be.

    Where no hash is known, that of the first download is recorded beside it
    and later ones must be the same; such a first download is by https,
    unless it is `plain`.

    Raises:
        ValueError: If the file cannot be had, or is another than it was.
    """
    target = download.target
    if download.sha256 is not None:
        return _checked(download, target)
    record = target.with_name(f"{target.name}.json")
    if (first := _recorded(record)) is None:
        return _trusted(download, record)
    try:
        return _checked(dataclasses.replace(download, sha256=first), target)
    except ValueError as error:
        raise ValueError(
            f"{error}\nIts hash was recorded when it was first downloaded; "
            f"delete {record} to trust other bytes"
        ) from error


def _checked(download: Download, target: Path) -> Path:
    """Returns a file with a known hash: the one that is there, or a new one."""
    if target.is_file():
        fault = fault_of(target, download.sha256, download.size)
        if not fault:
            return target
        logger.warning("%s %s; it has to be downloaded anew", target, fault)
    # Replaced, not deleted first: another process may just have done so.
    return fetch(
        download.addresses,
        target,
        sha256=download.sha256,
        size=download.size,
        title=download.title,
    )


def _trusted(download: Download, record: Path) -> Path:
    """Downloads what nobody has a hash of, and records that."""
    told, title = download.addresses, download.title
    safe = [x for x in told if x.lower().startswith("https://")]
    if download.plain:
        safe = safe or told
    if not safe:
        raise ValueError(
            f"Nobody vouches for {title}: its hash is not known, and "
            f"{told[0]} is not https. Get it by other means and pass its "
            "path, or tell its sha256"
        )
    path = fetch(safe, download.target, size=download.size, title=title)
    facts = {
        "addresses": safe,
        "sha256": file_hash(path),
        "bytes": path.stat().st_size,
    }
    write_whole(record, json.dumps(facts, indent=2).encode())
    logger.warning(
        "Nobody had told the hash of %s. That of this first download, %s, is "
        "recorded in %s and checked from now on",
        title,
        facts["sha256"],
        record,
    )
    return path


def _recorded(record: Path) -> str | None:
    """Returns the hash of a first download; `None` if there was none."""
    try:
        told = json.loads(record.read_bytes())["sha256"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        told = None
    if not isinstance(told, str) or not SHA256.fullmatch(told):
        raise ValueError(
            f"{record} must hold the sha256 of the first download and does "
            "not: delete it to trust the next one"
        )
    return told
