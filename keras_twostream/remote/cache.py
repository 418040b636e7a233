"""The folder of what was downloaded, and whether more may be."""

import hashlib
import os
import threading
from pathlib import Path

CACHE_VARIABLE = "KERAS_TWOSTREAM_CACHE"
OFFLINE_VARIABLE = "KERAS_TWOSTREAM_OFFLINE"
_YES = ("1", "on", "true", "yes")


def weights_dir() -> Path:
    """Returns the folder of downloaded weights.

    It is `weights` in `$KERAS_TWOSTREAM_CACHE`, else
    `keras_twostream/weights` in Keras's home folder.
    """
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser() / "weights"
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(home).expanduser() / "keras_twostream" / "weights"


def is_offline(*others: str) -> bool:
    """Returns whether `$KERAS_TWOSTREAM_OFFLINE` forbids to download.

    Args:
        *others: Further variables of the environment that may forbid it.
    """
    variables = OFFLINE_VARIABLE, *others
    return any(os.environ.get(x, "").lower() in _YES for x in variables)


def text_hash(text: str) -> str:
    """Returns the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """Returns the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fault_of(
    path: Path, sha256: str | None = None, size: int | None = None
) -> str:
    """Returns what tells a file from the one that is wanted, in words.

    Args:
        path: The file, which must exist.
        sha256: Its hash as it should be, if known.
        size: Its number of bytes as it should be, if known.

    Returns:
        What follows "the file ..."; empty if nothing is wrong.
    """
    found = path.stat().st_size
    if size is not None and found != size:
        return f"has {found:,} bytes where {size:,} are wanted"
    if sha256 is None or (digest := file_hash(path)) == sha256:
        return ""
    return f"has the sha256 {digest} where {sha256} is wanted"


def write_whole(path: Path, content: bytes) -> None:
    """Writes a small file, whole or not at all."""
    own = f".{path.name}.{os.getpid()}-{threading.get_ident()}"
    temporary = path.with_name(own)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
