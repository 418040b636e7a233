"""Frames and flow that others extracted -> clips.

Three layouts are known, all of numbered images, JPEG or PNG, from 0 or 1 on:

- as Feichtenhofer et al. (2016) released theirs: `jpegs_256/CLIP` with
  `frame000001.jpg` and so on, `tvl1_flow/u/CLIP` and `tvl1_flow/v/CLIP`, the
  same in folders `x` and `y` of later versions of their tool;
- as denseflow and its ancestors write theirs: `CLIP` with `img_00001.jpg`,
  `flow_x_00001.jpg` and `flow_y_00001.jpg`;
- both with a folder for each class around the clips.

A clip is the folder of its frames; its flow is found from there. A byte b of
flow is `bound * (2 * b / 255 - 1)` pixels. The bound is in no image: it is 20
in the released flow and usually 20 or 32 in that of denseflow, and must be
said in the `FlowSpec`. Only the authors' tool writes a file of bounds.
"""

import dataclasses
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from keras_twostream.clips import image_folders
from keras_twostream.clips.classes import resolve
from keras_twostream.clips.clips import Clips
from keras_twostream.clips.entries import Entry
from keras_twostream.clips.finding import Finder
from keras_twostream.clips.label_maps import LabelMap
from keras_twostream.clips.listing import Group
from keras_twostream.clips.matching import match
from keras_twostream.clips.numbered import has_images, sub_folders

# How far below a folder, and at how many clips, is looked to see whether there
# are any.
_DEPTH, _LOOKS = 3, 3
_UCF101 = re.compile(r"v_(?P<name>.+)_g\d+_c\d+")


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where extracted clips are.

    Attributes:
        frames: Folder of the folders of frames.
        apart: Whether their flow is in folders of its own.
    """

    frames: Path
    apart: bool


def find_layout(root: str | os.PathLike) -> Layout | None:
    """Returns where extracted clips are in a folder, if there are any.

    A few clips are looked at, not all.

    Args:
        root: The folder that has all, or that of the frames.

    Raises:
        ValueError: If there are several folders of frames to choose from.
    """
    root = Path(root)
    clips = _some_clips(root)
    if any(map(image_folders.has_flow_beside, clips)):
        return Layout(root, apart=False)
    if not clips:
        return None
    whole, found = root.absolute(), set()
    for folder in (root, *sub_folders(root)):
        for clip in _some_clips(folder):
            apart = image_folders.find_apart(clip)
            if apart and apart.frames.is_relative_to(whole):
                found.add(root / apart.frames.relative_to(whole))
    if len(found) > 1:
        names = sorted(path.name for path in found)
        raise ValueError(
            f"{str(root)!r} has several folders of frames, {names}. Give the "
            "path of one of them."
        )
    return Layout(found.pop(), apart=True) if found else None


def list_layout(
    root: str | os.PathLike,
    class_names: Sequence[str] | None = None,
    group: Group = "auto",
) -> Clips:
    """Lists clips that others extracted.

    Args:
        root: The folder that has all, or that of the frames.
        class_names: The classes, in the order of their labels. By default
            the folders around the clips, or what clips named as in UCF101
            (`v_CLASS_g01_c01`) say; if neither, there are no labels. A list,
            see `lists.read_clips`, can tell them.
        group: As for `listing.list_clips`.

    Returns:
        `Clips` whose paths are the folders of frames, which
        `preparation.extracted.make_record` takes. `skipped` has the folders
        without flow.

    Raises:
        ValueError: If there are none.
    """
    layout = find_layout(root)
    if layout is None:
        raise ValueError(
            f"{str(root)!r} has no extracted clips. Allowed: jpegs/CLIP/"
            "frame000001.jpg beside flow/u/CLIP and flow/v/CLIP, or "
            "CLIP/img_00001.jpg with flow_x_00001.jpg and flow_y_00001.jpg."
        )
    folders, skipped = [], []
    for folder in _clips(layout.frames):
        if layout.apart and image_folders.find_apart(folder) is None:
            skipped.append((folder, "there is no flow for it"))
        else:
            folders.append(folder)
    finder = Finder(layout.frames, folders)
    entries = [
        _entry(path.relative_to(layout.frames).as_posix()) for path in folders
    ]
    known = None if class_names is None else LabelMap(tuple(class_names))
    clips = match(entries, resolve(entries, known), finder, group)
    return dataclasses.replace(clips, skipped=(*clips.skipped, *skipped))


def _entry(name: str) -> Entry:
    found = None if "/" in name else _UCF101.fullmatch(name)
    return Entry(path=name, where=name, label=found and found["name"])


def _some_clips(folder: Path) -> list[Path]:
    """Returns a few folders of images that are not far below another."""
    return list(itertools.islice(_clips(folder, _DEPTH), _LOOKS))


def _clips(folder: Path, depth: int | None = None) -> Iterator[Path]:
    """Yields the folders of images below a folder, sorted."""
    if has_images(folder):
        yield folder
    elif depth != 0:
        deeper = None if depth is None else depth - 1
        for below in sub_folders(folder):
            yield from _clips(below, deeper)
