"""The integers in a list of clips, as they are written there."""

import os
from pathlib import Path

from keras_twostream.clips.label_maps import find_label_map
from keras_twostream.clips.parsing import PARSERS
from keras_twostream.clips.reading import read_list


def integers_of(
    list_file: str | os.PathLike,
    format: str = "auto",
    split: int | str | None = None,
) -> tuple[int, ...]:
    """Returns the labels of a list where they are nothing but numbers.

    Args:
        list_file: As for `clips.lists.read_clips`.
        format: As there.
        split: As there.

    Returns:
        The integer of each row that has one; nothing for the official lists
        of known sets, and for those whose numbers a label map explains.
    """
    listed = read_list(list_file, format, split)
    path = Path(list_file)
    folder = path if path.is_dir() else path.parent
    if listed.format not in PARSERS or find_label_map(folder):
        return ()
    labels = (entry.label for entry in listed.entries)
    return tuple(label for label in labels if isinstance(label, int))
