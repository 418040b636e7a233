"""What a record says of its source, so that it can be told again."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_twostream.preparation.example import first_value, with_first_value

_CHUNK = 1 << 20


def described(
    record: bytes,
    source: Path,
    files: Sequence[Path],
    about: Mapping[str, Any],
) -> bytes:
    """Returns a record whose `meta` says more of its source.

    Args:
        record: A record, as `records.make_record` makes it.
        source: The file or folder that it was made of.
        files: The files that were read.
        about: What else to say; `source` in it is what the record calls the
            source, in place of its path on this machine.
    """
    size, digest = fingerprint(source, files)
    told = {"path": about["source"], "bytes": size, "sha256": digest}
    meta = json.loads(first_value(record, "meta"))
    meta |= {**about, "source": told}
    return with_first_value(record, "meta", json.dumps(meta).encode())


def fingerprint(source: Path, files: Sequence[Path]) -> tuple[int, str]:
    """Returns the bytes of a clip's files and their SHA-256.

    Args:
        source: The clip: a video file, or a folder.
        files: What it consists of. Each file of a folder comes after its path
            from there, with "/" between the parts, and a zero byte.

    Returns:
        The number of bytes, and hexadecimal digits.

    Raises:
        OSError: If a file cannot be read.
    """
    total, digest = 0, hashlib.sha256()
    for file in files:
        if file != source:
            name = Path(os.path.relpath(file, source)).as_posix()
            digest.update(name.encode() + b"\0")
        with file.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                total += len(chunk)
                digest.update(chunk)
    return total, digest.hexdigest()
