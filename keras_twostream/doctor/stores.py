"""Frames and flow that lie ready: records of prepared sets, images in folders.

Both are *stores*: so many frames and so many flow fields, each to be decoded
by itself.
"""

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from keras_twostream.clips.image_folders import PAIRS
from keras_twostream.doctor.messages import read_example
from keras_twostream.flow.codec import dequantize
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.flow.storage import restore_field

_NAME = re.compile(
    r"(?P<prefix>.*?)_?(?P<number>\d+)\.(?:jpe?g|png)", re.IGNORECASE
)
# How a JPEG image begins and ends; bytes of zero may follow.
_JPEG, _END = b"\xff\xd8", b"\xff\xd9"


class Store(Protocol):
    """Frames and stored flow of one clip.

    Attributes:
        spec: How the flow is stored.
        frames: Number of frames.
        fields: Number of flow fields.
        missing: Numbers that are missing among the images.
        wanted: Numbers of fields that fit the number of frames.
        fps: Frames per second, or `None` if unknown.
    """

    spec: FlowSpec
    frames: int
    fields: int
    missing: int
    wanted: tuple[int, ...]
    fps: float | None

    def frame(self, index: int, how: int = cv2.IMREAD_COLOR) -> np.ndarray:
        """Decodes a frame as `cv2.imdecode` does with the flags `how`."""

    def field(self, index: int) -> np.ndarray:
        """Decodes a field: `float32 (H, W, 2)`, pixels of the frames."""


class Images:
    """Images in folders: one for each frame and each component of flow.

    Args:
        job: `folder` of the frames; `u` and `v`, those of the flow, or `None`
            if it lies with the frames; `flow`, the `FlowSpec` as a dict.
    """

    def __init__(self, job: dict[str, Any]):
        self.spec = FlowSpec.from_dict(job["flow"])
        found = _streams(job)
        self._files = {key: list(x.values()) for key, x in found.items()}
        self.frames = len(found["rgb"])
        counts = [len(found[key]) for key in ("u", "v")]
        self.fields = min(counts)
        self.missing = sum(_gaps(x) for x in found.values())
        # None fits where u and v differ.
        paired = max(counts) == self.fields
        self.wanted = (max(1, self.frames - self.spec.step),) * paired
        self.fps: float | None = None

    def frame(self, index: int, how: int = cv2.IMREAD_COLOR) -> np.ndarray:
        return self._image("rgb", index, how)

    def field(self, index: int) -> np.ndarray:
        planes = [
            self._image(key, index, cv2.IMREAD_GRAYSCALE) for key in ("u", "v")
        ]
        return dequantize(np.stack(planes, axis=-1), self.spec)

    def _image(self, key: str, index: int, how: int) -> np.ndarray:
        path = self._files[key][index]
        return _image(path.read_bytes(), how, f"{path.parent.name}/{path.name}")


class Record:
    """A record of a prepared set.

    Args:
        job: `shard`, the file; `offset` and `length` of the record in it in
            bytes; `frames`, their number as the manifest has it; `flow`, the
            `FlowSpec` as a dict.
    """

    missing = 0

    def __init__(self, job: dict[str, Any]):
        with Path(job["shard"]).open("rb") as file:
            file.seek(job["offset"])
            contents = file.read(job["length"])
        if len(contents) < job["length"]:
            raise ValueError("its shard ends before its record does")
        parts = read_example(contents)
        meta = json.loads(parts["meta"][0]) if parts.get("meta") else {}
        self.spec = FlowSpec.from_dict(job["flow"])
        self._frames = parts.get("frames", [])
        self._fields = parts.get("flow", [])
        self.frames, self.fields = len(self._frames), len(self._fields)
        self.fps = meta.get("fps")
        self.wanted: tuple[int, ...] = (max(1, self.frames - self.spec.step),)
        if self.frames != job["frames"]:
            raise ValueError(
                f"its record has {self.frames} frames, and the manifest says "
                f"{job['frames']}"
            )

    def frame(self, index: int, how: int = cv2.IMREAD_COLOR) -> np.ndarray:
        return _image(self._frames[index], how, f"frame {index}")

    def field(self, index: int) -> np.ndarray:
        return restore_field(self._fields[index], self.spec, *self._size)

    @functools.cached_property
    def _size(self) -> tuple[int, ...]:
        return self.frame(0, cv2.IMREAD_GRAYSCALE).shape


STORES: dict[str, Callable[[dict[str, Any]], Store]] = {
    "images": Images,
    "record": Record,
}


def _image(contents: bytes, how: int, name: str) -> np.ndarray:
    if not contents:
        raise ValueError(f"{name} is empty")
    if contents.startswith(_JPEG) and not contents.rstrip(b"\0").endswith(_END):
        raise ValueError(f"{name} is cut off")
    image = cv2.imdecode(np.frombuffer(contents, np.uint8), how)
    if image is None:
        raise ValueError(f"{name} is no image")
    return image


def _streams(job: dict[str, Any]) -> dict[str, dict[int, Path]]:
    """Returns number -> image of the frames and of each component of flow."""
    groups = _numbered(job["folder"])
    if job["u"]:
        parts = {key: _most(_numbered(job[key])) for key in ("u", "v")}
        return {"rgb": _most(groups), **parts}
    pairs = [pair for pair in PAIRS if {*pair} & {*groups}]
    u, v = (groups.pop(name, {}) for name in (pairs or PAIRS)[0])
    return {"rgb": _most(groups), "u": u, "v": v}


def _numbered(folder: str) -> dict[str, dict[int, Path]]:
    """Returns what names begin with -> number -> image, in order."""
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(Path(folder).iterdir()):
        if match := _NAME.fullmatch(path.name):
            images = found.setdefault(match["prefix"], {})
            images[int(match["number"])] = path
    return {key: dict(sorted(x.items())) for key, x in found.items()}


def _most(groups: dict[str, dict[int, Path]]) -> dict[int, Path]:
    """Returns the images of which there are most."""
    return max(groups.values(), key=len, default={})


def _gaps(numbers: dict[int, Path]) -> int:
    return max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0
