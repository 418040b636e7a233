"""Lists of clips in the formats that data sets come in."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from keras_twostream.clips import layouts
from keras_twostream.clips.clips import Clips
from keras_twostream.clips.finding import Finder
from keras_twostream.clips.listing import Group, find_videos, list_clips
from keras_twostream.clips.matching import match, straddling
from keras_twostream.clips.reading import (
    AUTO,
    FOLDERS,
    FORMATS,
    LAYOUT,
    ClipList,
    Names,
    Place,
    given_map,
    read_list,
)
from keras_twostream.remote.address import as_path, is_remote

__all__ = ["FORMATS", "ClipList", "read_clips", "read_list"]


def read_clips(
    source: Place,
    list_file: Place | Sequence[Place] | None = None,
    format: str = AUTO,
    split: int | str | None = None,
    *,
    class_names: Names = None,
    group: Group = "auto",
    verbose: bool = True,
) -> Clips:
    """Lists the clips of a folder, as its sub-folders or as a list says.

    Args:
        source: Folder of the clips: videos, or the frames and flow that
            others extracted, see `layouts`. Or a list file whose paths start
            at its own folder.
        list_file: One list or several, or a folder of lists, such as the
            official splits of UCF101 (`ucfTrainTestlist`) and HMDB51. `None`
            takes one sub-folder for each class.
        format: One of `FORMATS`; "auto" looks into the files. "mmaction" has
            `path label` or `path frames label` on each line, "csv" a table
            of path, label, split and group, with a header or without,
            "kinetics" the table of that set.
        split: Which official split, 1 (default), 2 or 3. For other lists
            what the clips are for, "train", "validation" or "test", where
            neither a column nor, without this, the file's name tells.
        class_names: The classes in the order of their labels, or a file that
            names them. By default what lies beside the list (`classInd.txt`,
            `*label_map*.txt`), if its labels are numbers.
        group: As for `list_clips`; "auto" takes the groups of the list, if it
            has some.
        verbose: Whether to say on the standard error how the list was read.

    Returns:
        `Clips` in the order of the list, with `splits` if it has some.
        `skipped` has what the list names and the folder lacks, and how many
        clips of the folder the list does not name.

    Raises:
        ValueError: If an argument is wrong, a list cannot be read, a clip has
            two labels or is in two splits, or nothing is found.
        OSError: If a file cannot be read.
    """
    root = as_path(source)
    if list_file is None and root.is_file():
        root, list_file = root.parent, root
    # Of the web nobody knows whether it has folders.
    if not root.is_dir() and not (list_file and is_remote(root)):
        raise ValueError(
            "`source` must be a folder of clips or a list file. "
            f"Received: {str(root)!r}, which is not there."
        )
    if list_file is None:
        return _without_list(root, format, class_names, group)
    listed = read_list(list_file, format, split, class_names=class_names)
    clips = match(listed.entries, listed.labels, _finder(root), group)
    if verbose:
        _tell(listed, clips)
    return clips


def _without_list(
    root: Path, format: str, class_names: Names, group: Group
) -> Clips:
    if format not in (AUTO, FOLDERS, LAYOUT):
        raise ValueError(f"Format {format!r} needs a `list_file`.")
    known = None if class_names is None else given_map(class_names).names
    if is_remote(root) and format == LAYOUT:
        raise ValueError(
            "Extracted frames are read from folders of this machine only. "
            f"Received: {root}"
        )
    far = format == FOLDERS or is_remote(root)
    found = None if far else layouts.find_layout(root)
    if found is None and format != LAYOUT:
        return list_clips(root, class_names=known, group=group)
    return layouts.list_layout(root, class_names=known, group=group)


def _finder(root: Path) -> Finder:
    if is_remote(root):
        return Finder(root, find_videos(root)[0] if root.is_dir() else ())
    found = layouts.find_layout(root)
    if found is None:
        return Finder(root, find_videos(root)[0])
    return Finder(found.frames, layouts.list_layout(root).paths)


def _tell(listed: ClipList, clips: Clips) -> None:
    console = Console(
        stderr=True, soft_wrap=True, markup=False, highlight=False
    )
    used = sum(not entry.unused for entry in listed.entries)
    console.print(f"{listed.describe()} Found {len(clips)} of {used} clips.")
    if shared := straddling(clips):
        console.print(
            f"{len(shared)} groups have clips in several splits, such as "
            f"{shared[0]!r}: what is learnt from one part is known in the "
            "other."
        )
