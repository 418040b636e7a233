"""Files that name the classes of a data set."""

import collections
import dataclasses
import functools
import json
import os
import re
from pathlib import Path

from keras_twostream.clips.entries import read_text
from keras_twostream.clips.names import alias_key
from keras_twostream.remote.address import as_path

# What such files are called, beside a list; none where several are.
PATTERNS = ("classInd.txt", "classes.txt", "class_names.txt", "*label_map*.txt")
_NUMBER_FIRST = re.compile(r"(?P<id>\d+)[\s,:;]+(?P<name>\S.*)")
_NUMBER_LAST = re.compile(r"(?P<name>.*[^\s,:;])[\s,:;]+(?P<id>\d+)")


@dataclasses.dataclass(frozen=True)
class LabelMap:
    """The classes of a data set.

    Attributes:
        names: In the order of their labels.
        ids: The number that lists use for each, or `None` if the map does not
            say.
        origin: Where the map is from, for messages.

    Raises:
        ValueError: If there is no name, or one twice.
    """

    names: tuple[str, ...]
    ids: tuple[int, ...] | None = None
    origin: str = "`class_names`"

    def __post_init__(self) -> None:
        names = self.names
        if not names:
            raise ValueError(f"{self.origin} must name at least one class.")
        if len({*names}) < len(names):
            name, times = collections.Counter(names).most_common(1)[0]
            raise ValueError(
                f"{self.origin} must name each class once. "
                f"Received: {name!r}, {times} times."
            )

    def index(self, name: str) -> int | None:
        """Returns the label of a class in any of its spellings."""
        exact = self._places.get(name)
        return self._places.get(alias_key(name)) if exact is None else exact

    @functools.cached_property
    def _places(self) -> dict[str, int]:
        """Names, and keys that stand for one name alone -> labels."""
        keys = [alias_key(name) for name in self.names]
        counts = collections.Counter(keys)
        places = {x: i for i, x in enumerate(keys) if counts[x] == 1}
        return places | {x: i for i, x in enumerate(self.names)}


def read_label_map(path: str | os.PathLike) -> LabelMap:
    """Reads the names of classes.

    Args:
        path: A text file with a name on each line, or a number and a name
            (as `classInd.txt` of UCF101), or a name and a number; or a JSON
            file with a list of names, or an object of names and numbers.

    Raises:
        ValueError: If it is none of these, or a name is there twice.
        OSError: If it cannot be read.
    """
    path = as_path(path)
    file = read_text(path)
    lines = [text for _, text in file.rows()]
    pairs: list[tuple[int, str]] | None
    if path.suffix.lower() == ".json":
        pairs = _of_json(path, "\n".join(text for _, text in file.lines))
    else:
        pairs = _of_lines(lines)
    if pairs is None:
        return LabelMap(tuple(map(_unquoted, lines)), origin=path.name)
    pairs.sort()
    return LabelMap(
        tuple(_unquoted(name) for _, name in pairs),
        tuple(number for number, _ in pairs),
        path.name,
    )


def find_label_map(folder: Path) -> LabelMap | None:
    """Reads the one label map that lies in a folder, if there is just one."""
    found = {path for name in PATTERNS for path in folder.glob(name)}
    return read_label_map(found.pop()) if len(found) == 1 else None


def _of_lines(lines: list[str]) -> list[tuple[int, str]] | None:
    """Returns `(number, name)` if all lines have a number of their own."""
    for pattern in (_NUMBER_FIRST, _NUMBER_LAST):
        found = [pattern.fullmatch(line) for line in lines]
        pairs = [(int(x["id"]), x["name"]) for x in found if x]
        if len({number for number, _ in pairs}) == len(lines):
            return pairs
    return None


def _of_json(path: Path, text: str) -> list[tuple[int, str]]:
    try:
        found = json.loads(text)
        if isinstance(found, list):
            return list(enumerate(map(_text, found)))
        pairs = [(str(key), str(value)) for key, value in found.items()]
        if all(value.isdecimal() for _, value in pairs):
            return [(int(value), key) for key, value in pairs]
        return [(int(key), value) for key, value in pairs]
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            "A label map must be a list of names, or an object of names and "
            f"numbers. Received: {str(path)!r}, which is not."
        ) from error


def _text(value) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _unquoted(name: str) -> str:
    name = name.strip()
    is_quoted = len(name) > 2 and name[0] == name[-1] and name[0] in "\"'"
    return name[1:-1] if is_quoted else name
