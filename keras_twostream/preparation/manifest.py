"""What a prepared set holds: one JSON file beside its shards."""

import dataclasses
import json
import os
from collections.abc import Mapping
from typing import Any, Self

from keras_twostream.clips.clips import Clips
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.remote.address import as_path

NAME = "manifest.json"
VERSION = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class PreparedClip:
    """Where the record of one clip is, and what it holds.

    Attributes:
        path: The source, relative to the folder that was prepared, or else
            absolute or an address.
        label: Index in the manifest's `class_names`, or `None`.
        group: Name of its group, see `Clips`, or `None`.
        split: "train", "validation", "test" or `None`.
        frames: Number of frames stored, by decoding.
        height: Of the frames stored, in pixels.
        width: Of the frames stored, in pixels.
        fps: Of the frames stored, or `None` if unknown.
        sha256: Of the source, in hexadecimal digits.
        shard: File of the record, relative to the prepared set.
        offset: First byte of the record in it (after the framing).
        length: Bytes of the record.
    """

    path: str
    label: int | None
    group: str | None
    split: str | None
    frames: int
    height: int
    width: int
    fps: float | None
    sha256: str
    shard: str
    offset: int
    length: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a prepared set holds.

    Attributes:
        class_names: In the order of the labels.
        flow: Which flow, stored how.
        clips: What can be used, in the order of the source's list.
        quarantined: `(path, reason)` of what cannot.
        opencv: Version that computed the flow.
    """

    class_names: tuple[str, ...]
    flow: FlowSpec
    clips: tuple[PreparedClip, ...]
    quarantined: tuple[tuple[str, str], ...] = ()
    opencv: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Returns what JSON can hold: clips as columns, which are short."""
        names = [field.name for field in dataclasses.fields(PreparedClip)]
        return {
            "version": VERSION,
            "class_names": list(self.class_names),
            "flow": self.flow.to_dict(),
            "opencv": self.opencv,
            "clips": {n: [getattr(c, n) for c in self.clips] for n in names},
            "quarantined": [list(pair) for pair in self.quarantined],
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Returns the manifest whose `to_dict()` gave `fields`.

        Raises:
            KeyError, TypeError, ValueError: If they are of another kind.
        """
        columns = fields["clips"]
        rows = zip(*columns.values(), strict=True)
        return cls(
            class_names=tuple(fields["class_names"]),
            flow=FlowSpec.from_dict(fields["flow"]),
            clips=tuple(
                PreparedClip(**dict(zip(columns, row, strict=True)))
                for row in rows
            ),
            quarantined=tuple((p, why) for p, why in fields["quarantined"]),
            opencv=fields["opencv"],
        )

    def listed(self) -> Clips:
        """Returns the clips as a list; paths stay those of the source."""
        rows = self.clips
        labels = [c.label for c in rows if c.label is not None]
        grouped = any(c.group is not None for c in rows)
        split = any(c.split is not None for c in rows)
        return Clips(
            paths=tuple(as_path(c.path) for c in rows),
            labels=tuple(labels) if 0 < len(labels) == len(rows) else None,
            class_names=self.class_names,
            groups=tuple(c.group or c.path for c in rows) if grouped else None,
            splits=tuple(c.split for c in rows) if split else None,
            skipped=tuple((as_path(p), why) for p, why in self.quarantined),
        )


def read_manifest(folder: str | os.PathLike) -> Manifest:
    """Reads the manifest of a prepared set.

    Raises:
        FileNotFoundError: If the folder has none.
        ValueError: If it is damaged or of a later version.
    """
    path = as_path(folder) / NAME
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        version = fields["version"]
        if version == VERSION:
            return Manifest.from_dict(fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no whole manifest: {error!r}") from error
    raise ValueError(f"{path} is of version {version!r}. Allowed: {VERSION}.")
