"""Which clips of a folder or a prepared set a dataset is made of."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from keras_twostream.clips.clips import Clips
from keras_twostream.clips.listing import Group, list_clips
from keras_twostream.clips.splits import split_clips
from keras_twostream.preparation.prepared import (
    PreparedSet,
    is_prepared,
    open_prepared,
)


def chosen_clips(
    directory: str | os.PathLike,
    labels: str | Sequence[int] | None = "inferred",
    class_names: Sequence[str] | None = None,
    group: Group = "auto",
    split: str | None = None,
) -> Clips | PreparedSet:
    """Lists the clips of a folder of videos, or opens a prepared set.

    Args:
        directory: The folder.
        labels: As for `list_clips`; of a prepared set "inferred" or `None`.
        class_names: The classes to take, in the order of their labels.
        group: As for `list_clips`; a prepared set has its own groups.
        split: Which clips of a prepared set to take.

    Raises:
        ValueError: If there is nothing to take, or an argument is wrong.
    """
    if not is_prepared(directory):
        if split is not None:
            raise ValueError(
                "`split` is for prepared sets, whose lists say which clips "
                f"are for what. Received: split={split!r}, and a folder of "
                f"videos, {os.fspath(directory)!r}"
            )
        return list_clips(directory, labels, class_names, group)
    if group != "auto" or labels not in ("inferred", None):
        raise ValueError(
            "A prepared set knows the labels and the groups of its clips. "
            f"Received: labels={labels!r}, group={group!r}"
        )
    prepared = open_prepared(directory)
    if split is not None:
        prepared = prepared.of_split(split)
    if class_names is not None:
        prepared = _of_classes(prepared, class_names)
    return prepared


def prepared_in(directory: str | os.PathLike) -> PreparedSet | None:
    """Returns the prepared set in a folder, `None` if there is none."""
    return open_prepared(directory) if is_prepared(directory) else None


def splits_of(directory: str | os.PathLike) -> set[str]:
    """Returns which splits the clips of a prepared set have, if it is one."""
    prepared = prepared_in(directory)
    clips = prepared.manifest.clips if prepared else ()
    return {clip.split for clip in clips if clip.split}


def part_of(
    listed: Clips | PreparedSet,
    validation_split: float | None,
    subset: str | None,
    seed: int | None,
) -> Clips | PreparedSet:
    """Returns the training or the validation part of what was chosen.

    Args:
        listed: What `chosen_clips` returned.
        validation_split: As for `split_clips`.
        subset: "training", "validation", or `None` for all.
        seed: As for `split_clips`.
    """
    if subset is None:
        return listed
    if isinstance(listed, Clips):
        return split_clips(listed, validation_split, subset, seed)
    clips = listed.clips
    numbered = dataclasses.replace(
        clips,
        paths=tuple(Path(str(number)) for number in range(len(clips))),
        groups=clips.groups or tuple(map(str, clips.paths)),
    )
    part = split_clips(numbered, validation_split, subset, seed)
    return listed.take([int(path.name) for path in part.paths])


def without_skipped(listed: Clips | PreparedSet) -> Clips | PreparedSet:
    """Returns the same clips, with nothing to report."""
    if isinstance(listed, Clips):
        return dataclasses.replace(listed, skipped=())
    manifest = dataclasses.replace(listed.manifest, quarantined=())
    return dataclasses.replace(listed, manifest=manifest)


def _of_classes(prepared: PreparedSet, names: Sequence[str]) -> PreparedSet:
    """Returns the clips of some classes, labelled in their order."""
    manifest = prepared.manifest
    found = manifest.class_names
    if not names or len({*names}) < len(names) or not {*names} <= {*found}:
        raise ValueError(
            "The `class_names` passed did not match those of the prepared "
            f"set. Expected: {list(found)} (or a subset of it), but "
            f"received: class_names={list(names)}"
        )
    label_of = {found.index(name): i for i, name in enumerate(names)}
    clips = tuple(
        dataclasses.replace(clip, label=label_of[clip.label])
        for clip in manifest.clips
        if clip.label in label_of
    )
    manifest = dataclasses.replace(
        manifest, class_names=tuple(names), clips=clips
    )
    return dataclasses.replace(prepared, manifest=manifest)
