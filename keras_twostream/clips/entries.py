"""The rows of list files, whatever the format, and the text they are in."""

import codecs
import dataclasses
import os
import re
from collections.abc import Iterator
from pathlib import Path

from keras_twostream.remote.address import as_path

# Words of lists -> words of `Clips.splits`.
SPLITS = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "val": "validation",
    "valid": "validation",
    "validate": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "tst": "test",
}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WORD = re.compile("[a-z]+")
# "trainlist01" is a list for training.
_LIST = re.compile("(list|set|split|files|videos|clips)+$")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One clip as a list names it.

    Attributes:
        path: As written, but with "/" between its parts.
        where: File and line, for messages.
        label: The class's number or name, or `None`.
        split: "train", "validation", "test" or `None`.
        group: Name of its group, or `None`.
        frames: Number of frames that the list claims, or `None`.
        others: Names that its file may have instead.
        unused: Why the list does not use it; empty if it does.
    """

    path: str
    where: str
    label: int | str | None = None
    split: str | None = None
    group: str | None = None
    frames: int | None = None
    others: tuple[str, ...] = ()
    unused: str = ""


@dataclasses.dataclass(frozen=True)
class ListFile:
    """The lines of a list file that are not blank.

    Attributes:
        path: The file.
        lines: `(number from 1, text without outer white space)`.
    """

    path: Path
    lines: tuple[tuple[int, str], ...]

    def where(self, number: int) -> str:
        """Returns how messages call a line."""
        return f"{self.path.name}, line {number}"

    def rows(self) -> Iterator[tuple[int, str]]:
        """Yields the lines that are no comments.

        A comment is "#" and white space, or nothing, or another "#": names
        of files may begin with "#", and do in HMDB51.
        """
        for number, text in self.lines:
            if not re.match(r"#(\s|#|$)", text):
                yield number, text


def read_text(path: str | os.PathLike) -> ListFile:
    """Reads a list file: UTF-8, or UTF-16 with its mark; any line ends.

    Raises:
        ValueError: If it is not a text file of that kind, or is empty.
        OSError: If it cannot be read.
    """
    path = as_path(path)
    data = path.read_bytes()
    encoding = "utf-16" if data.startswith(_UTF16) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"A list must be text in UTF-8. Received: {str(path)!r}, which "
            f"is not from line {line} on."
        ) from error
    # `splitlines` would also split at characters that names may have.
    lines = enumerate(re.split("\r\n|\n|\r", text), start=1)
    kept = tuple((n, line.strip()) for n, line in lines if line.strip())
    if not kept or "\0" in text:
        found = "no text" if kept else "empty"
        raise ValueError(f"The list {str(path)!r} is {found}.")
    return ListFile(path, kept)


def split_word(word: str, where: str) -> str | None:
    """Returns what a list's word for a split means; `None` for no word.

    Raises:
        ValueError: If it means nothing.
    """
    key = word.strip().lower()
    if key and key not in SPLITS:
        raise ValueError(
            f"{where}: the split must be one of {sorted(SPLITS)}. "
            f"Received: {word!r}."
        )
    return SPLITS.get(key)


def split_of_name(path: Path) -> str | None:
    """Returns the split that the name of a list file says, if it does."""
    words = _WORD.findall(path.stem.lower())
    plain = [_LIST.sub("", word) for word in words]
    found = {SPLITS[word] for word in plain if word in SPLITS}
    return found.pop() if len(found) == 1 else None


def slashed(path: str) -> str:
    """Returns a path with "/" between its parts and no "./" before it."""
    whole = path.strip().replace("\\", "/")
    while whole.startswith("./"):
        whole = whole[2:].lstrip("/")
    return whole if len(whole) < 2 else whole.rstrip("/")
