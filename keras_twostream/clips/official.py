"""The official splits of UCF101 and HMDB51, as their authors publish them."""

import re
from collections.abc import Callable
from pathlib import Path

from keras_twostream.clips.entries import Entry, ListFile, read_text
from keras_twostream.clips.parsing import parse_spaced

UCF101, HMDB51 = "ucf101", "hmdb51"
# What their lists are called.
NAMES = {UCF101: "trainlist01.txt", HMDB51: "wave_test_split1.txt"}
_UCF = re.compile(
    r"(?P<part>train|test)list(?P<number>\d+)\.txt", re.IGNORECASE
)
_HMDB = re.compile(r"(?P<part>.+)_test_split(?P<number>\d+)\.txt")
_PATTERNS = {UCF101: _UCF, HMDB51: _HMDB}
_ROW = re.compile(r"(?P<path>\S.*?)\s+(?P<flag>[012])")
# What the flags of HMDB51 mean.
_FLAGS = {"0": None, "1": "train", "2": "test"}


def official_files(path: Path) -> tuple[str, list[Path]] | None:
    """Returns the name of the set, and its lists, that a path stands for.

    Args:
        path: A folder, or one of the lists.

    Returns:
        "ucf101" or "hmdb51" and the files; `None` if it is neither.
    """
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    for name, pattern in _PATTERNS.items():
        found = [file for file in files if pattern.fullmatch(file.name)]
        if found:
            return name, found
    return None


def number_of(
    files: list[Path], is_folder: bool, split: int | str | None
) -> int:
    """Returns which split is meant.

    Args:
        files: The lists.
        is_folder: Whether they are all of a folder; else their own number
            counts.
        split: What the user says; `None` is the first.

    Raises:
        ValueError: If there is no such split.
    """
    found = sorted({_number(file) for file in files})
    if split is None:
        return 1 if is_folder and 1 in found else found[0]
    # The command line gives words.
    number = int(split) if str(split).isdecimal() else split
    if number not in found:
        raise ValueError(
            f"`split` must be one of {found}, for which there are lists in "
            f"{str(files[0].parent)!r}. Received: {split!r}."
        )
    return int(number)


def read_ucf101(files: list[Path], number: int) -> list[Entry]:
    """Reads `trainlist01.txt` and `testlist01.txt`, or what there is of them.

    Their lines end in CR and LF; training clips have a label, counted from 1,
    test clips have none but their folder. Classes are in `classInd.txt`. One
    class is spelt in two ways, "HandstandPushups" and "HandStandPushups".

    Args:
        files: The lists.
        number: Which split.

    Raises:
        ValueError: If a file is no such list.
    """
    entries: list[Entry] = []
    # Training clips come first.
    for file in sorted(files, key=_part, reverse=True):
        if _number(file) == number:
            entries += parse_spaced(read_text(file), _part(file).lower())
    return entries


def read_hmdb51(files: list[Path], number: int) -> list[Entry]:
    """Reads `CLASS_test_split1.txt` of all classes.

    A line is a name and a flag: 1 is a training clip, 2 a test clip, 0 one
    that the split leaves out, so that each class has 70 and 30. Names may
    begin with "#", and have any sign but white space.

    Args:
        files: The lists, one for each class and split.
        number: Which split.

    Raises:
        ValueError: If a file is no such list.
    """
    entries: list[Entry] = []
    for file in files:
        if _number(file) == number:
            entries += _flagged(read_text(file), _part(file), number)
    return entries


def _match(file: Path) -> re.Match:
    found = [pattern.fullmatch(file.name) for pattern in _PATTERNS.values()]
    return next(match for match in found if match)


def _number(file: Path) -> int:
    return int(_match(file)["number"])


def _part(file: Path) -> str:
    """Returns "train" or "test" of UCF101, the class of HMDB51."""
    return _match(file)["part"]


def _flagged(file: ListFile, name: str, number: int) -> list[Entry]:
    entries = []
    for line, text in file.lines:
        row = _ROW.fullmatch(text)
        if row is None:
            raise ValueError(
                f"{file.where(line)}: a name and a flag of 0, 1 or 2 must be "
                f"here. Received: {text!r}."
            )
        split = _FLAGS[row["flag"]]
        entries.append(
            Entry(
                path=f"{name}/{row['path']}",
                where=file.where(line),
                label=name,
                split=split,
                unused="" if split else f"split {number} leaves them out",
            )
        )
    return entries


READERS: dict[str, Callable[[list[Path], int], list[Entry]]] = {
    UCF101: read_ucf101,
    HMDB51: read_hmdb51,
}
