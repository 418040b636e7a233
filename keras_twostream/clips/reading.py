"""List files in any known format -> their rows and classes."""

import dataclasses
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from keras_twostream.clips import label_maps, official
from keras_twostream.clips.classes import Labels, resolve
from keras_twostream.clips.entries import (
    Entry,
    read_text,
    split_of_name,
    split_word,
)
from keras_twostream.clips.parsing import PARSERS, sniff
from keras_twostream.remote.address import as_path

AUTO, FOLDERS, LAYOUT = "auto", "folders", "layout"
FORMATS = (AUTO, FOLDERS, LAYOUT, *PARSERS, *official.READERS)
_SUFFIXES = (".csv", ".lst", ".tsv", ".txt")

Place = str | os.PathLike
Names = Sequence[str] | str | os.PathLike | None


@dataclasses.dataclass(frozen=True)
class ClipList:
    """What a list says, before anything is looked for.

    Attributes:
        entries: Its rows, in order.
        labels: Their classes.
        format: One of `FORMATS`.
        origin: Name of the file or folder.
    """

    entries: tuple[Entry, ...]
    labels: Labels
    format: str
    origin: str

    def describe(self) -> str:
        """Returns what was found, in a sentence."""
        return f"{self.origin}: format {self.format}; {self.labels.note}."


def read_list(
    list_file: Place | Sequence[Place],
    format: str = AUTO,
    split: int | str | None = None,
    *,
    class_names: Names = None,
) -> ClipList:
    """Reads lists without looking for their clips.

    Args:
        list_file: As for `read_clips`.
        format: As for `read_clips`.
        split: As for `read_clips`.
        class_names: As for `read_clips`.

    Returns:
        `ClipList`.

    Raises:
        ValueError: If an argument is wrong or a list cannot be understood.
        OSError: If a file cannot be read.
    """
    if format not in FORMATS:
        raise ValueError(
            f"`format` must be one of {FORMATS}. Received: {format!r}."
        )
    if isinstance(list_file, str | os.PathLike):
        list_file = [list_file]
    paths = [as_path(place) for place in list_file]
    if not paths:
        raise ValueError("`list_file` must name at least one list.")
    entries: list[Entry] = []
    for path in paths:
        found, rows = _read(path, format, split)
        entries += rows
    folder = paths[0] if paths[0].is_dir() else paths[0].parent
    known = _label_map(class_names, folder, entries, found)
    labels = resolve(entries, known)
    if class_names is not None and not any(
        label is not None for label in labels.indices
    ):
        raise ValueError(
            f"`class_names` are given, but {paths[0].name!r} has no labels, "
            "and its clips are in no folder of that name."
        )
    origin = ", ".join(path.name for path in paths)
    return ClipList(tuple(entries), labels, found, origin)


def given_map(class_names: Sequence[str] | Place) -> label_maps.LabelMap:
    """Returns the label map that a user gives, by its file or its names.

    Raises:
        ValueError: If it is none.
        OSError: If the file cannot be read.
    """
    if isinstance(class_names, str | os.PathLike):
        return label_maps.read_label_map(class_names)
    return label_maps.LabelMap(tuple(class_names))


def _read(
    path: Path, format: str, split: int | str | None
) -> tuple[str, list[Entry]]:
    """Returns the format of a list, or of a folder of lists, and its rows."""
    if not path.exists():
        raise ValueError(
            f"`list_file` must exist. Received: {str(path)!r}, which does not."
        )
    known = official.official_files(path)
    if known and format in (AUTO, known[0]):
        name, files = known
        number = official.number_of(files, path.is_dir(), split)
        return name, official.READERS[name](files, number)
    if format in official.READERS:
        raise ValueError(
            f"{str(path)!r} has no lists of {format}: there is no file named "
            f"as {official.NAMES[format]!r}."
        )
    if isinstance(split, int):
        raise ValueError(
            f"{path.name!r} has no numbered splits, so `split` must be a word "
            f'such as "train". Received: {split}.'
        )
    word = split_word(split or "", "`split`")
    found, entries = format, []
    for file in _files(path):
        text = read_text(file)
        found = sniff(text) if format == AUTO else format
        if found not in PARSERS:
            raise ValueError(f"Format {format!r} takes no `list_file`.")
        entries += PARSERS[found](text, word or split_of_name(file))
    return found, entries


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    maps = {file for name in label_maps.PATTERNS for file in path.glob(name)}
    found = [file for file in path.iterdir() if file.suffix in _SUFFIXES]
    if not {*found} - maps:
        raise ValueError(
            f"The folder {str(path)!r} has no lists. Allowed: files that end "
            f"in {', '.join(_SUFFIXES)}."
        )
    return sorted({*found} - maps)


def _label_map(
    class_names: Names, folder: Path, entries: Iterable[Entry], format: str
) -> label_maps.LabelMap | None:
    if class_names is not None:
        return given_map(class_names)
    numbered = any(isinstance(entry.label, int) for entry in entries)
    if numbered or format == official.UCF101:
        return label_maps.find_label_map(folder)
    return None
