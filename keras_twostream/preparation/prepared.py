"""A prepared set: clips with their flow, in shards, behind one manifest."""

import dataclasses
import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_twostream.clips.clips import Clips
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.manifest import NAME, Manifest, read_manifest
from keras_twostream.preparation.plan import STAGING
from keras_twostream.remote.address import as_path
from keras_twostream.remote.graph import sizes

# After the last record of a TFRecord file comes its checksum.
_FOOTER_BYTES = 4


@dataclasses.dataclass(frozen=True)
class PreparedSet:
    """What `prepare` made of a list of clips, or a part of it.

    Attributes:
        folder: Where it is.
        manifest: What it holds.
    """

    folder: Path
    manifest: Manifest

    def __len__(self) -> int:
        return len(self.manifest.clips)

    @functools.cached_property
    def clips(self) -> Clips:
        """The list of clips; paths are those of the sources."""
        return self.manifest.listed()

    @property
    def flow(self) -> FlowSpec:
        """Which flow, stored how."""
        return self.manifest.flow

    @property
    def files(self) -> tuple[str, ...]:
        """The shard in which each clip's record is."""
        names = {clip.shard for clip in self.manifest.clips}
        paths = {name: os.fspath(self.folder / name) for name in names}
        return tuple(paths[clip.shard] for clip in self.manifest.clips)

    @property
    def offsets(self) -> tuple[int, ...]:
        """The first byte of each record in its shard."""
        return tuple(clip.offset for clip in self.manifest.clips)

    @property
    def lengths(self) -> tuple[int, ...]:
        """The bytes of each record."""
        return tuple(clip.length for clip in self.manifest.clips)

    @property
    def frame_counts(self) -> tuple[int, ...]:
        """The number of frames of each clip."""
        return tuple(clip.frames for clip in self.manifest.clips)

    def take(self, indices: Sequence[int]) -> "PreparedSet":
        """Returns the clips at `indices`, in that order."""
        chosen = tuple(self.manifest.clips[index] for index in indices)
        manifest = dataclasses.replace(self.manifest, clips=chosen)
        return PreparedSet(self.folder, manifest)

    def of_split(self, split: str) -> "PreparedSet":
        """Returns the clips of one split: "train", "validation" or "test".

        Raises:
            ValueError: If there are none.
        """
        splits = [clip.split for clip in self.manifest.clips]
        chosen = [i for i, name in enumerate(splits) if name == split]
        if not chosen:
            found = sorted({name for name in splits if name})
            raise ValueError(
                f"{self.folder} has no clips for {split!r}. Found: {found}."
            )
        return self.take(chosen)

    def figures(self) -> dict[str, Any]:
        """Returns how much there is, as JSON can hold it.

        `bytes` are those of the records, `hours` those of the clips whose
        frame rate is known, and `bytes_per_hour` is of these alone.
        """
        clips = self.manifest.clips
        timed = [clip for clip in clips if clip.fps]
        hours = sum(clip.frames / clip.fps for clip in timed if clip.fps) / 3600
        size = sum(clip.length for clip in timed)
        return {
            "clips": len(clips),
            "classes": len(self.manifest.class_names),
            "frames": sum(self.frame_counts),
            "hours": hours,
            "bytes": sum(self.lengths),
            "bytes_per_hour": size / hours if hours else None,
            "quarantined": [list(pair) for pair in self.manifest.quarantined],
        }


def is_prepared(folder: str | os.PathLike) -> bool:
    """Returns whether a folder holds a prepared set, whole or damaged."""
    return (as_path(folder) / NAME).is_file()


def open_prepared(folder: str | os.PathLike) -> PreparedSet:
    """Opens what `prepare` made.

    Args:
        folder: The prepared set.

    Raises:
        FileNotFoundError: If it holds none, or none that is finished.
        ValueError: If a part of it is missing, or cut short.
    """
    root = as_path(folder)
    if not is_prepared(root):
        begun = (root / STAGING).is_dir()
        raise FileNotFoundError(
            f"{root} holds no prepared set: "
            + (
                "preparing it has begun but not ended. The same `prepare` "
                "goes on with it."
                if begun
                else f"it has no {NAME}. `prepare` makes one."
            )
        )
    prepared = PreparedSet(root, read_manifest(root))
    if damage := broken_shards(prepared):
        name, what = next(iter(damage.items()))
        raise ValueError(
            f"{len(damage)} shards of {root} are damaged: {name} {what}. "
            "The same `prepare` makes them again."
        )
    return prepared


def broken_shards(prepared: PreparedSet) -> dict[str, str]:
    """Returns shard -> what is wrong with its size, where it is wrong."""
    ends: dict[str, int] = {}
    for clip in prepared.manifest.clips:
        end = clip.offset + clip.length + _FOOTER_BYTES
        ends[clip.shard] = max(end, ends.get(clip.shard, 0))
    damage = {}
    there = sizes([prepared.folder / name for name in ends])
    for (name, end), found in zip(ends.items(), there, strict=True):
        if found is None:
            damage[name] = "is missing"
        elif found < end:
            damage[name] = f"has {found} bytes in place of {end}"
    return damage
