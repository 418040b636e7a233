"""Shards behind addresses -> what a graph of TensorFlow reads."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import track

from keras_twostream.remote.address import Address, as_path
from keras_twostream.remote.copies import local_copy
from keras_twostream.remote.stores import schemes

# How many questions wait for an answer, and how many files are on their way.
_QUESTIONS, _COPIES = 16, 4


def graph_files(files: Sequence[str]) -> list[str]:
    """Returns names under which TensorFlow's own operations read files.

    Addresses that its file system opens stay, and what is needed is read from
    there. Files behind others are copied whole, once, before anything is read.

    Args:
        files: Paths and addresses; they may repeat.

    Raises:
        OSError: If a file cannot be copied.
        ValueError: If nothing here opens such addresses.
    """
    far = [file for file in dict.fromkeys(files) if _is_far(file)]
    if not far:
        return list(files)
    console = Console(stderr=True)
    with ThreadPoolExecutor(_COPIES) as threads:
        copies = track(
            threads.map(local_copy, far),
            "Copying shards",
            total=len(far),
            console=console,
            disable=not console.is_terminal,
        )
        near = dict(zip(far, map(str, copies), strict=True))
    return [near.get(file, file) for file in files]


def sizes(paths: Sequence[Path]) -> list[int | None]:
    """Returns the bytes of files, `None` for those that are not there.

    Raises:
        OSError: If a store fails.
        ValueError: If nothing here opens such addresses.
    """
    with ThreadPoolExecutor(_QUESTIONS) as threads:
        return list(threads.map(_size, paths))


def _is_far(file: str) -> bool:
    path = as_path(file)
    return isinstance(path, Address) and path.scheme not in schemes()


def _size(path: Path) -> int | None:
    if isinstance(path, Address):
        found = path.status()
        return None if found is None or found.is_folder else found.st_size
    return path.stat().st_size if path.is_file() else None
