"""Where the frames and the flow of a clip are that others extracted."""

import dataclasses
import os
import re
from collections.abc import Iterator
from pathlib import Path

from keras_twostream.clips.numbered import (
    Numbered,
    has_images,
    in_order,
    numbered_images,
    sub_folders,
)
from keras_twostream.remote.address import as_path, is_remote
from keras_twostream.video import VideoError

# What u and v are called: images that begin so beside the frames, or folders
# of images apart from them.
PAIRS = (("u", "v"), ("x", "y"), ("flow_x", "flow_y"), ("flow_i", "flow_j"))
# Levels of folders between a clip and the folder that holds all frames.
_DEPTH = 3
_STEP = re.compile(r"_[pm]\d+$")


@dataclasses.dataclass(frozen=True)
class Images:
    """The images of one clip, in order.

    Attributes:
        frames: One for each frame.
        u: One for each field, of its horizontal component.
        v: The same of its vertical component.
        bounds: File of what each field was cut off at, or `None`.
    """

    frames: tuple[Path, ...]
    u: tuple[Path, ...]
    v: tuple[Path, ...]
    bounds: Path | None = None

    def files(self) -> tuple[Path, ...]:
        """Returns all files that the clip consists of."""
        others = () if self.bounds is None else (self.bounds,)
        return (*self.frames, *self.u, *self.v, *others)


@dataclasses.dataclass(frozen=True)
class Apart:
    """Flow that lies apart from its frames.

    Attributes:
        frames: Folder of the frames of all clips.
        flow: Folder that has the folders of both components.
        u: Folder of this clip's images of u.
        v: Folder of this clip's images of v.
    """

    frames: Path
    flow: Path
    u: Path
    v: Path


def is_extracted(clip: str | os.PathLike) -> bool:
    """Returns whether a clip is a folder of images; videos are files.

    Behind addresses there are videos only.
    """
    return not is_remote(clip) and as_path(clip).is_dir()


def find_images(
    folder: str | os.PathLike, step: int = 1, algorithm: str = ""
) -> Images:
    """Finds the frames and the flow of a clip.

    Args:
        folder: Folder of the clip's frames, see `clips.layouts`.
        step: Frames from the first to the second image of a pair.
        algorithm: Word in the name of the folder of flow, which decides where
            there are several.

    Raises:
        VideoError: If there is no flow, an image is missing, or there are not
            as many fields as the frames have pairs.
    """
    root = Path(folder)
    groups = numbered_images(root)
    bounds: Path | None = None
    if pair := _beside(groups, step):
        u, v = (groups.pop(name) for name in pair)
    elif apart := find_apart(root, algorithm):
        u, v = (_only(root, place) for place in (apart.u, apart.v))
        # The authors' tool writes the bounds of CLIP into u/CLIP.bin.
        bounds = apart.u.with_name(f"{apart.u.name}.bin")
        bounds = bounds if bounds.is_file() else None
    elif sum(map(len, groups.values())) <= step:
        u, v = [], []
    else:
        raise VideoError(root, f"there is no flow of step {step} for it")
    # Flow of another step, or in another direction.
    names = [x for x in groups if not x.startswith(("flow_x", "flow_y"))]
    if len(names) != 1:
        found = f"images named {names}" if names else "no images of frames"
        raise VideoError(root, f"its folder has {found}")
    ordered = [in_order(root, part) for part in (groups[names[0]], u, v)]
    images = Images(ordered[0], ordered[1], ordered[2], bounds)
    _check_counts(root, images, step)
    return images


def find_apart(folder: Path, algorithm: str | None = None) -> Apart | None:
    """Finds the flow of a clip whose frames are in a folder of their own.

    The authors' way: `jpegs_256/CLIP` and `tvl1_flow/u/CLIP`, where the names
    of the folders of frames and of flow are free, and CLIP may have a folder
    of its class before it.

    Args:
        folder: Folder of the clip's frames.
        algorithm: As for `find_images`; `None` takes any.

    Raises:
        VideoError: If there are several, and `algorithm` does not decide.
    """
    whole = folder.absolute()
    above = list(whole.parents)
    for frames, base in zip(above[:_DEPTH], above[1:], strict=False):
        found = list(_flows(whole, frames, base))
        if len(found) > 1 and algorithm is not None:
            names = sorted(each.flow.name for each in found)
            found = [x for x in found if algorithm in x.flow.name]
            if len(found) != 1:
                raise VideoError(
                    folder,
                    f"it has several flows, {names}, of which `algorithm` "
                    f"must name one and is {algorithm!r}",
                )
        if found:
            return found[0]
    return None


def _flows(clip: Path, frames: Path, base: Path) -> Iterator[Apart]:
    """Yields the flows of a clip in or below the folder `base`."""
    name = clip.relative_to(frames)
    for flow in (base, *sub_folders(base)):
        for pair in PAIRS:
            u, v = (flow / part / name for part in pair)
            if clip not in (u, v) and all(map(_holds_images, (u, v))):
                yield Apart(frames, flow, u, v)


def _holds_images(folder: Path) -> bool:
    """Returns whether a folder has images, or is there and empty."""
    return folder.is_dir() and (has_images(folder) or not any(folder.iterdir()))


def has_flow_beside(folder: Path) -> bool:
    """Returns whether frames and flow lie in one folder."""
    names = {_STEP.sub("", name) for name in numbered_images(folder)}
    return any({*pair} <= names for pair in PAIRS)


def _beside(groups: dict[str, Numbered], step: int) -> tuple[str, str] | None:
    """Returns what the names of flow begin with that lies with the frames.

    Denseflow notes steps other than 1, as in `flow_x_p2_00000.jpg`.
    """
    for note in (f"_p{step}", "") if step > 1 else ("",):
        for first, second in PAIRS:
            if {first + note, second + note} <= {*groups}:
                return first + note, second + note
    return None


def _only(root: Path, place: Path) -> Numbered:
    """Returns the images of a folder that has those of one component."""
    groups = numbered_images(place)
    if len(groups) > 1:
        raise VideoError(root, f"{place} has images named {[*groups]}")
    return [image for group in groups.values() for image in group]


def _check_counts(root: Path, images: Images, step: int) -> None:
    frames, u, v = map(len, (images.frames, images.u, images.v))
    pairs = max(frames - step, 0)
    if u == v == pairs:
        return
    hint = ""
    if u == v == frames:
        hint = (
            "; some tools store the later frame of each pair alone: then "
            "delete the first field"
        )
    raise VideoError(
        root,
        f"it has {frames} frames, {u} fields of u and {v} of v, and a step of "
        f"{step} needs {pairs} fields{hint}",
    )
