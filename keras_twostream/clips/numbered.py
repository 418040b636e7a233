"""Folders of numbered images."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from keras_twostream.video import VideoError

_SUFFIXES = (".jpg", ".jpeg", ".png")
_STEM = re.compile(r"(?P<prefix>.*?)_?(?P<number>\d+)")

Numbered = list[tuple[int, Path]]


def has_images(folder: Path) -> bool:
    """Returns whether there are numbered images right in a folder."""
    with os.scandir(folder) as entries:
        return any(_numbered(entry.name) for entry in entries)


def sub_folders(folder: Path) -> Iterator[Path]:
    """Yields the folders in a folder that are not hidden, sorted."""
    with os.scandir(folder) as entries:
        names = sorted(
            entry.name
            for entry in entries
            if _is_folder(entry) and not entry.name.startswith(".")
        )
    yield from (folder / name for name in names)


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def numbered_images(folder: Path) -> dict[str, Numbered]:
    """Returns what the names of images begin with -> numbers and files.

    Raises:
        VideoError: If the folder cannot be read.
    """
    groups: dict[str, Numbered] = {}
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        raise VideoError(folder, str(error.strerror)) from error
    for name in names:
        if found := _numbered(name):
            numbered = (int(found["number"]), folder / name)
            groups.setdefault(found["prefix"], []).append(numbered)
    return groups


def in_order(root: Path, images: Numbered) -> tuple[Path, ...]:
    """Returns images in the order of their numbers.

    Raises:
        VideoError: If a number is missing, or there twice.
    """
    ordered = sorted(images)
    for (number, path), (after, other) in zip(
        ordered, ordered[1:], strict=False
    ):
        if after != number + 1:
            what = "numbered twice" if after == number else "missing"
            raise VideoError(
                root, f"an image is {what}: after {path.name} is {other.name}"
            )
    return tuple(path for _, path in ordered)


def _numbered(name: str) -> re.Match | None:
    """Returns the parts of an image's name; `None` of other names."""
    # First what is quick: folders of videos are looked into as well.
    if not name.lower().endswith(_SUFFIXES):
        return None
    return _STEM.fullmatch(name.rpartition(".")[0])
