"""Labels of lists, numbers or words -> names of classes.

A number means nothing by itself: lists count from 0 or from 1. Names are the
key, and numbers get them from a label map or from the folders of the files.
"""

import collections
import dataclasses
import difflib
from collections.abc import Sequence

from keras_twostream.clips.entries import Entry
from keras_twostream.clips.label_maps import LabelMap
from keras_twostream.clips.names import alias_key

# Numbers beyond this are no labels but something else.
_MOST = 100_000


@dataclasses.dataclass(frozen=True)
class Labels:
    """What the labels of a list are.

    Attributes:
        indices: Index of each entry's class in `names`; `None` if unknown.
        names: Names of the classes.
        base: The number of the first class in the list; `None` if the list
            has no numbers.
        note: What was found, in words.
    """

    indices: tuple[int | None, ...]
    names: tuple[str, ...]
    base: int | None
    note: str


def resolve(entries: Sequence[Entry], known: LabelMap | None) -> Labels:
    """Finds out which classes the labels of a list mean.

    Args:
        entries: The rows of the list.
        known: The label map, if there is one. Without one the classes are the
            words of the list in alphabetical order; or the folders of the
            files, where each number stands for one folder; or the numbers.
            A row without a label has the class of its folder.

    Raises:
        ValueError: If a label is not in the map, or contradicts the folder of
            its file.
    """
    given = [entry.label for entry in entries]
    numbers = sorted({x for x in given if isinstance(x, int)})
    if not numbers or any(isinstance(x, str) for x in given):
        return _by_words(entries, known)
    if numbers[0] < 0 or numbers[-1] > _MOST:
        wrong = numbers[0] if numbers[0] < 0 else numbers[-1]
        raise ValueError(
            f"{entries[given.index(wrong)].where}: a label must be a word or "
            f"a number from 0 to {_MOST}. Received: {wrong}."
        )
    if known is None:
        known = _map_of_folders(entries) or _map_of_numbers(numbers)
    numbering, doubt = _numbering(entries, numbers, known)
    indices = [
        numbering[entry.label]
        if isinstance(entry.label, int)
        else _of_folder(entry, known)
        for entry in entries
    ]
    base = min(number for number, index in numbering.items() if index == 0)
    note = (
        f"labels are the numbers {numbers[0]} to {numbers[-1]}, counted from "
        f"{base}{doubt}, of the {len(known.names)} classes of {known.origin}"
    )
    return Labels(tuple(indices), known.names, base, note)


def _by_words(entries: Sequence[Entry], known: LabelMap | None) -> Labels:
    words = [x.label if x.label is None else str(x.label) for x in entries]
    origin = "labels are words"
    if known is None and not any(words):
        origin = "labels are the folders of the files"
        words = [folder_of(entry.path) for entry in entries]
        if None in words or len({*words}) < 2:
            nothing = (None,) * len(entries)
            return Labels(nothing, (), None, "there are no labels")
    if known is None:
        known = LabelMap(_spellings([word for word in words if word]))
    indices = [
        _of_folder(entry, known) if word is None else _known(word, known, entry)
        for entry, word in zip(entries, words, strict=True)
    ]
    note = f"{origin}, of {len(known.names)} classes"
    return Labels(tuple(indices), known.names, None, note)


def folder_of(path: str) -> str | None:
    """Returns the name of the folder that a listed file is in, if any."""
    return path.rpartition("/")[0].rpartition("/")[2] or None


def _of_folder(entry: Entry, known: LabelMap) -> int | None:
    folder = folder_of(entry.path)
    return None if folder is None else known.index(folder)


def _known(word: str, known: LabelMap, entry: Entry) -> int:
    index = known.index(word)
    if index is None:
        near = difflib.get_close_matches(word, known.names) or known.names[:3]
        raise ValueError(
            f"{entry.where}: a label must be one of the {len(known.names)} "
            f"classes of {known.origin}, such as {list(near)}. "
            f"Received: {word!r}."
        )
    return index


def _spellings(words: Sequence[str]) -> tuple[str, ...]:
    """Returns one spelling of each name, the one that is there most often."""
    counts = collections.Counter(sorted(words))
    chosen: dict[str, str] = {}
    for word, _ in counts.most_common():
        chosen.setdefault(alias_key(word), word)
    return tuple(sorted(chosen.values()))


def _map_of_folders(entries: Sequence[Entry]) -> LabelMap | None:
    """Returns the folders as classes, if each number stands for one."""
    folders: dict[int, set[str | None]] = {}
    for entry in entries:
        if isinstance(entry.label, int):
            folders.setdefault(entry.label, set()).add(folder_of(entry.path))
    names = [
        _spellings([name for name in found if name])
        for _, found in sorted(folders.items())
        if None not in found
    ]
    keys = {alias_key(spelled[0]) for spelled in names}
    if any(len(spelled) > 1 for spelled in names) or not (
        1 < len(keys) == len(names) == len(folders)
    ):
        return None
    chosen = tuple(spelled[0] for spelled in names)
    return LabelMap(chosen, tuple(sorted(folders)), "the files' folders")


def _map_of_numbers(numbers: Sequence[int]) -> LabelMap:
    base = 1 if numbers[0] == 1 else 0
    ids = tuple(range(base, numbers[-1] + 1))
    return LabelMap(tuple(map(str, ids)), ids, "the list")


def _numbering(
    entries: Sequence[Entry], numbers: Sequence[int], known: LabelMap
) -> tuple[dict[int, int], str]:
    """Returns the class that each number of a list means, and doubts.

    The files' folders decide, where they have the names of classes; else the
    numbers of the map; else the list counts from 0 unless only 1 can be.

    Raises:
        ValueError: If nothing fits.
    """
    count = len(known.names)
    ways = [
        dict(zip(known.ids or (), range(count), strict=False)),
        dict(enumerate(range(count))),
        dict(enumerate(range(count), start=1)),
    ]
    fitting = [way for way in ways if way.keys() >= {*numbers}]
    if not fitting:
        raise ValueError(
            f"{entries[0].where.partition(',')[0]}: the labels {numbers[0]} "
            f"to {numbers[-1]} do not fit the {count} classes of "
            f"{known.origin}."
        )
    foldered = [
        (entry, entry.label, index)
        for entry in entries
        if isinstance(entry.label, int)
        and (index := _of_folder(entry, known)) is not None
    ]
    wrong = [
        [(x, label) for x, label, index in foldered if way[label] != index]
        for way in fitting
    ]
    best = min(range(len(fitting)), key=lambda number: len(wrong[number]))
    if wrong[best]:
        row, label = wrong[best][0]
        name = known.names[fitting[best][label]]
        raise ValueError(
            f"{row.where}: its label {label} is {name!r} by {known.origin}, "
            f"and its folder {folder_of(row.path)!r}."
        )
    unsure = len(fitting) > 1 and not foldered and not known.ids
    return fitting[best], " (1 would fit as well)" if unsure else ""
