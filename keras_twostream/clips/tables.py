"""Tables in text files: what divides them, and what their columns are."""

import csv
import re
from collections.abc import Sequence

from keras_twostream.clips.entries import SPLITS, ListFile
from keras_twostream.clips.names import VIDEO_SUFFIXES

DELIMITERS = (",", "\t", ";")
# Column -> what files call it, in lower case with "_" for spaces; the first
# one that is there counts. Names of classes are better than their numbers.
COLUMNS = {
    "youtube_id": ("youtube_id",),
    "time_start": ("time_start",),
    "time_end": ("time_end",),
    "path": (
        "path",
        "video_path",
        "clip_path",
        "file_path",
        "filepath",
        "filename",
        "file_name",
        "file",
        "video_name",
        "clip_name",
        "video",
        "clip",
        "name",
    ),
    "label": (
        "class_name",
        "label_name",
        "class",
        "category",
        "action",
        "tag",
        "label",
        "label_id",
        "class_id",
        "target",
    ),
    "split": ("split", "subset", "partition", "set"),
    "group": ("group", "subject", "actor", "group_id"),
    "frames": ("frames", "num_frames", "total_frames", "frame_count"),
}
# What the columns of a table without a header are, by their number.
_PLAIN = {
    2: ("path", "label"),
    3: ("path", "label", "split"),
    4: ("path", "label", "split", "group"),
}
WHOLE = re.compile(r"-?\d+")

# Number of the line, and the cells that have a name in `COLUMNS`.
Row = tuple[int, dict[str, str]]


def header(row: str) -> dict[str, int] | None:
    """Returns the places of the columns that a first line names.

    Returns:
        Name in `COLUMNS` -> place; `None` if it is no header.
    """
    for mark in DELIMITERS:
        cells = [
            re.sub(r"[\s-]+", "_", cell.strip().lower())
            for cell in _cells(row, mark)
        ]
        found = {
            column: next(cells.index(name) for name in names if name in cells)
            for column, names in COLUMNS.items()
            if {*names} & {*cells}
        }
        if len(cells) > 1 and {"path", "youtube_id"} & {*found}:
            return found
    return None


def delimiter(rows: Sequence[str]) -> str | None:
    """Returns what divides all rows into as many columns, at least two."""
    for mark in DELIMITERS:
        counts = {len(_cells(row, mark)) for row in rows}
        if len(counts) == 1 and counts.pop() > 1:
            return mark
    return None


def read_table(file: ListFile) -> list[Row]:
    """Reads a table.

    With a header the columns may be called as in `COLUMNS` and stand in any
    order; others are passed over. Without one they are path and label, then
    perhaps split and group; or path, frames and label; or label and path.

    Raises:
        ValueError: If a row has another number of columns, if it is not clear
            what they are, or if there are none.
    """
    lines = list(file.rows())
    columns = header(lines[0][1])
    texts = [text for _, text in lines]
    mark = delimiter(texts) or delimiter(texts[:1]) or ","
    rows = [(number, _cells(text, mark)) for number, text in lines]
    width = len(rows[0][1])
    for number, cells in rows:
        if len(cells) != width:
            raise ValueError(
                f"{file.where(number)}: a row must have {width} columns, as "
                f"the first. Received: {len(cells)}. (Paths with {mark!r} "
                "need quotes.)"
            )
    if columns is None:
        columns = _guess([cells for _, cells in rows], file)
    elif not (rows := rows[1:]):
        raise ValueError(f"The list {str(file.path)!r} has only a header.")
    return [
        (number, {name: cells[at].strip() for name, at in columns.items()})
        for number, cells in rows
    ]


def _guess(rows: list[list[str]], file: ListFile) -> dict[str, int]:
    """Returns the columns of a table without a header."""
    names = _PLAIN.get(len(rows[0]))
    columns = list(zip(*rows, strict=True))
    if len(columns) == 2 and _are_videos(columns[1]):
        names = ("label", "path")
    elif len(columns) == 3 and all(map(WHOLE.fullmatch, columns[2])):
        names = ("path", "frames", "label")
    if names is None or ("split" in names and not _are_splits(columns[2])):
        raise ValueError(
            f"It is not clear what the columns of {str(file.path)!r} are. "
            "Name them in its first line: path,label,split,group. "
            f"Received: {rows[0]}."
        )
    return {name: place for place, name in enumerate(names)}


def _are_videos(cells: Sequence[str]) -> bool:
    return all(x.strip().lower().endswith(VIDEO_SUFFIXES) for x in cells)


def _are_splits(cells: Sequence[str]) -> bool:
    return all(x.strip().lower() in {*SPLITS, ""} for x in cells)


def _cells(row: str, mark: str) -> list[str]:
    try:
        return next(csv.reader([row], delimiter=mark, skipinitialspace=True))
    except csv.Error as error:
        raise ValueError(f"A row is no row of a table: {error}.") from error
