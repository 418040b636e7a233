"""Text of list files -> entries, for lists in the formats of many projects."""

import re
from collections.abc import Callable

from keras_twostream.clips import tables
from keras_twostream.clips.entries import (
    Entry,
    ListFile,
    slashed,
    split_word,
)
from keras_twostream.clips.names import VIDEO_SUFFIXES

_SUFFIX = "|".join(re.escape(suffix) for suffix in VIDEO_SUFFIXES)
# The last suffix that is followed by white space or nothing ends the path.
_VIDEO = re.compile(
    rf"(?P<path>.*(?:{_SUFFIX}))(?:\s+(?P<rest>\S.*))?", re.IGNORECASE
)
_QUOTED = re.compile(r"""(?P<q>["'])(?P<path>.+)(?P=q)(?:\s+(?P<rest>\S.*))?""")
_FOLDER = re.compile(r"(?P<path>.*\S)\s+(?P<rest>\d+\s+-?\d+)")
_LAST = re.compile(r"(?P<path>.*\S)\s+(?P<rest>\S+)")
_NUMBERS = re.compile(r"-?\d+(\s+-?\d+)*")


def sniff(file: ListFile) -> str:
    """Returns the format of a list: "mmaction", "csv" or "kinetics".

    Raises:
        ValueError: If there are only comments.
    """
    rows = [text for _, text in file.rows()]
    if not rows:
        raise ValueError(f"The list {str(file.path)!r} has only comments.")
    if columns := tables.header(rows[0]):
        return "kinetics" if "youtube_id" in columns else "csv"
    spaced = [_divide_video(row) for row in rows]
    # "a,b.avi 3" has a comma in its path, "jump,a.avi" has a label before it.
    labelled = sum(bool(found and found["rest"]) for found in spaced)
    if labelled < len(rows) / 2 and tables.delimiter(rows) is not None:
        return "csv"
    return "mmaction"


def parse_spaced(file: ListFile, split: str | None = None) -> list[Entry]:
    """Reads `path label`, `path frames label` or only `path` on each line.

    The formats of MMAction, TSN, SlowFast and UCF101. Paths may have spaces,
    and quotes around them; the label is what follows the path. Where a path
    has no suffix of a video, as of a folder of frames, the label is the last
    field.

    Args:
        file: The lines.
        split: What its clips are for, if it is known.

    Raises:
        ValueError: If a line has several labels.
    """
    rows = [(*row, _divide_video(row[1])) for row in file.rows()]
    folders = [text for _, text, found in rows if not found]
    pattern = _FOLDER if all(map(_FOLDER.fullmatch, folders)) else _LAST
    entries = []
    for number, text, found in rows:
        found = found or pattern.fullmatch(text)
        path, rest = (found["path"], found["rest"]) if found else (text, None)
        where = file.where(number)
        frames, label = _frames_and_label(rest or "", where)
        entries.append(
            Entry(
                path=slashed(path),
                where=where,
                label=label,
                frames=frames,
                split=split,
            )
        )
    return entries


def parse_csv(file: ListFile, split: str | None = None) -> list[Entry]:
    """Reads a table of clips, see `tables.read_table`.

    Args:
        file: The lines.
        split: What its clips are for where no column says so.

    Raises:
        ValueError: If it is no such table, or a path is missing.
    """
    entries = []
    for number, row in tables.read_table(file):
        where = file.where(number)
        if not row.get("path"):
            raise ValueError(f"{where}: there is no path.")
        entries.append(
            Entry(
                path=slashed(row["path"]),
                where=where,
                label=_label(row.get("label", "")),
                split=split_word(row.get("split", ""), where) or split,
                group=row.get("group") or None,
                frames=_number(row.get("frames", "")),
            )
        )
    return entries


def parse_kinetics(file: ListFile, split: str | None = None) -> list[Entry]:
    """Reads a list of Kinetics: label, youtube_id, time_start, time_end, split.

    A clip's file is `ID_000012_000022.mp4`, as the usual downloaders name it,
    or `ID.mp4`, in the folder of its class or not. Clips of one video are a
    group.

    Args:
        file: The lines.
        split: What its clips are for where no column says so.

    Raises:
        ValueError: If it is no such table, or a time is missing.
    """
    entries = []
    for number, row in tables.read_table(file):
        where = file.where(number)
        clip, label = row.get("youtube_id", ""), row.get("label") or None
        times = [row.get(f"time_{end}", "") for end in ("start", "end")]
        try:
            name = "_".join([clip, *(f"{int(float(t)):06d}" for t in times)])
        except ValueError as error:
            raise ValueError(
                f"{where}: times must be seconds. Received: {times}."
            ) from error
        folder = f"{label}/" if label else ""
        entries.append(
            Entry(
                path=f"{folder}{name}.mp4",
                where=where,
                label=label,
                split=split_word(row.get("split", ""), where) or split,
                group=clip,
                others=(f"{folder}{clip}.mp4",),
            )
        )
    return entries


def _divide_video(text: str) -> re.Match | None:
    """Divides a line whose path has the suffix of a video, or quotes."""
    quoted = _QUOTED.fullmatch(text)
    # A name itself may begin with a word in quotes.
    if quoted and not _VIDEO.fullmatch(quoted["rest"] or ""):
        return quoted
    return _VIDEO.fullmatch(text)


def _frames_and_label(
    rest: str, where: str
) -> tuple[int | None, int | str | None]:
    if not _NUMBERS.fullmatch(rest):
        return None, rest.strip("\"'") or None
    *frames, label = rest.split()
    if len(frames) > 1:
        raise ValueError(
            f"{where}: a clip must have one label. Received: {rest!r}."
        )
    return (int(frames[0]) if frames else None), _label(label)


def _label(cell: str) -> int | str | None:
    number = _number(cell)
    if number is None:
        return cell or None
    # The usual number for "unknown" in lists of test clips.
    return None if number == -1 else number


def _number(cell: str) -> int | None:
    return int(cell) if tables.WHOLE.fullmatch(cell) else None


PARSERS: dict[str, Callable[[ListFile, str | None], list[Entry]]] = {
    "mmaction": parse_spaced,
    "csv": parse_csv,
    "kinetics": parse_kinetics,
}
