"""What a list says of each clip, and how two lists are told apart."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from keras_twostream.clips.clips import Clips
from keras_twostream.preparation.manifest import Manifest
from keras_twostream.remote.address import as_path


class Facts(NamedTuple):
    """What a list says of one clip; the name is what it is known by.

    Attributes:
        name: Its path below the folder that is prepared, else as given.
        class_name: Name of its class, or `None`.
        group: Name of its group, or `None`.
        split: "train", "validation", "test" or `None`.
    """

    name: str
    class_name: str | None = None
    group: str | None = None
    split: str | None = None

    def about(self) -> dict[str, Any]:
        """Returns what a record says of the clip, see `worker.Job`."""
        return {
            "source": self.name,
            "class": self.class_name,
            "group": self.group,
            "split": self.split,
        }


def name_of(path: Path, root: str | os.PathLike | None) -> str:
    """Returns what a clip is called: its path below `root`, if it is there."""
    if root is not None:
        whole, base = path.absolute(), as_path(root).absolute()
        if whole.is_relative_to(base):
            return whole.relative_to(base).as_posix()
    return path.as_posix()


def facts_of(clips: Clips, root: str | os.PathLike | None) -> list[Facts]:
    """Returns what a list says of each of its clips.

    Raises:
        ValueError: If two clips have one name.
    """
    nothing = [None] * len(clips)
    labels = clips.labels or nothing
    columns = zip(
        [name_of(path, root) for path in clips.paths],
        [None if x is None else clips.class_names[x] for x in labels],
        clips.groups or nothing,
        clips.splits or nothing,
        strict=True,
    )
    facts = [Facts(*row) for row in columns]
    seen: set[str] = set()
    for fact in facts:
        if fact.name in seen:
            raise ValueError(
                f"The list has {fact.name!r} more than once. "
                "A prepared set holds each clip once."
            )
        seen.add(fact.name)
    return facts


def facts_in(manifest: Manifest) -> list[Facts]:
    """Returns what a manifest says of each of its clips."""
    names = manifest.class_names
    return [
        Facts(
            clip.path,
            None if clip.label is None else names[clip.label],
            clip.group,
            clip.split,
        )
        for clip in manifest.clips
    ]


def check_same_list(
    known: Iterable[Facts], listed: Mapping[str, Facts], folder: Path
) -> None:
    """Makes sure that a list has all clips that are known, unchanged.

    Args:
        known: What the set in `folder` says of its clips.
        listed: What the list says, by name.
        folder: The prepared set.

    Raises:
        ValueError: If one is gone or another than it was.
    """
    for old in known:
        new = listed.get(old.name)
        if new == old:
            continue
        if new is None:
            what = f"the list no longer has {old.name!r}"
        else:
            what = f"{old.name!r}: {_difference(old, new)}"
        raise ValueError(
            f"{folder} was prepared from another list: {what}. "
            "Prepare this list into another folder, or delete that one first."
        )


def _difference(old: Facts, new: Facts) -> str:
    pairs = zip(Facts._fields, old, new, strict=True)
    return ", ".join(
        f"its {field.replace('_', ' ')} was {there!r} and is {here!r}"
        for field, there, here in pairs
        if there != here
    )
