"""The contract that says which optical flow a model or a cache holds."""

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

RESIZES = ("before", "after")
QUANTIZATIONS = ("symmetric", "offset")
CODEC_RANGES = ("full", "limited")
CAMERAS = ("keep", "mean", "homography")
# Stored losslessly, or as JPEG of a quality of 1 to 100.
PNG = "png"
# Fields that came later -> what older flow is like.
_BEFORE = {"shrink": 1}
_JPEG = re.compile("jpeg([1-9][0-9]?|100)")
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_IMPORT_PATH = re.compile(rf"{_NAME}(\.{_NAME})*:{_NAME}")


@dataclass(frozen=True, kw_only=True)
class FlowSpec:
    """How flow was, or is to be, computed and stored.

    It travels as JSON with caches and saved models, so that flow of one kind
    is never fed to a network trained on another: see `flow.contract`.

    Attributes:
        algorithm: Name in `flow.estimators.ESTIMATORS`, or the import path
            "package.module:function" of an estimator of one's own, see
            `flow.add_estimator`. To hold it imports nothing.
        bound: Displacement, in pixels per step at the size at which frames
            are stored, at which stored flow saturates.
        short_side: Length in pixels to which the shorter side of frames is
            resized for storage; `None` keeps their size. Flow is theirs.
        step: Frames from the first to the second image of a pair.
        resize: "before" computes flow of resized frames; "after" computes it
            at the size of the video, then resizes it, vectors included.
        fps: Frames per second that are taken of a video, each the nearest in
            time; `None` takes all. A video may be slower by a twentieth, at
            the price of a frame that repeats now and then.
        quantization: "symmetric" stores the bound as 127 levels around 128,
            so zero motion and mirroring are exact; "offset" spreads twice
            the bound over 0 to 255, as the released flow of Feichtenhofer et
            al. (2016) is stored.
        encoding: "jpeg95", or another quality of 1 to 100, or "png", which
            loses nothing; of the flow alone.
        codec_range: "full" uses all bytes; "limited" 16 to 235, as video
            codecs do by default. Reading undoes it.
        shrink: How many times smaller, on each side, flow is stored than the
            frames: each stored vector is the mean of a square of that many
            pixels. Vectors stay in pixels of the frames, and reading gives
            fields of the frames' size.
        camera: What is subtracted of the motion of the camera: "keep"
            nothing, "mean" the mean vector of each field, "homography" the
            motion of the dominating plane, see `flow.camera`.

    Raises:
        ValueError: If a field holds what it cannot hold.
    """

    algorithm: str = "dis_fast"
    bound: float = 20.0
    short_side: int | None = 256
    step: int = 1
    resize: str = "before"
    fps: float | None = None
    quantization: str = "symmetric"
    encoding: str = "jpeg95"
    codec_range: str = "full"
    shrink: int = 2
    camera: str = "keep"

    def __post_init__(self) -> None:
        for name, (allowed, holds) in _ALLOWED.items():
            if not holds(getattr(self, name)):
                raise ValueError(
                    f"FlowSpec: `{name}` must be {allowed}. "
                    f"Received: {getattr(self, name)!r}."
                )
        # A bound read from JSON as 20 and one typed as 20.0 are one setting.
        object.__setattr__(self, "bound", float(self.bound))
        if self.fps is not None:
            object.__setattr__(self, "fps", float(self.fps))

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as a dict that JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Returns the spec whose `to_dict()` gave `fields`.

        Args:
            fields: Mapping of attributes. What is missing is as it was
                before there was such a field, else it has its default.

        Raises:
            ValueError: If names are unknown, or a value is wrong.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        is_mapping = isinstance(fields, Mapping)
        if not is_mapping or (unknown := [x for x in fields if x not in names]):
            wrong = f"unknown: {unknown}" if is_mapping else "no mapping"
            raise ValueError(
                f"A FlowSpec has the fields {names}. "
                f"Received: {fields!r} ({wrong})."
            )
        return cls(**{**_BEFORE, **fields})

    def diff(self, other: "FlowSpec") -> dict[str, tuple[Any, Any]]:
        """Returns `{field: (here, there)}` of the fields that differ."""
        mine, theirs = self.to_dict(), other.to_dict()
        return {
            name: (mine[name], theirs[name])
            for name in mine
            if mine[name] != theirs[name]
        }


def jpeg_quality(encoding: str) -> int | None:
    """Returns the quality that "jpegNN" says, `None` for other encodings."""
    found = _JPEG.fullmatch(encoding)
    return int(found[1]) if found else None


def is_import_path(algorithm: str) -> bool:
    """Returns whether a name has the form "package.module:function"."""
    return _IMPORT_PATH.fullmatch(algorithm) is not None


def _is_positive(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value) and value > 0
    except OverflowError:  # an integer beyond all floats
        return False


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _is_algorithm(value: Any) -> bool:
    if not isinstance(value, str) or not value:
        return False
    return ":" not in value or is_import_path(value)


def _is_encoding(value: Any) -> bool:
    is_text = isinstance(value, str)
    return is_text and (value == PNG or jpeg_quality(value) is not None)


# Field -> what it can hold, in words and as a test.
_ALLOWED = {
    "algorithm": (
        'a name or an import path "package.module:function"',
        _is_algorithm,
    ),
    "bound": ("a positive finite number", _is_positive),
    "short_side": (
        "`None` or an integer >= 1",
        lambda value: value is None or _is_count(value),
    ),
    "step": ("an integer >= 1", _is_count),
    "resize": (f"one of {RESIZES}", lambda value: value in RESIZES),
    "fps": (
        "`None` or a positive finite number",
        lambda value: value is None or _is_positive(value),
    ),
    "quantization": (
        f"one of {QUANTIZATIONS}",
        lambda value: value in QUANTIZATIONS,
    ),
    "encoding": ('"jpeg1" to "jpeg100" or "png"', _is_encoding),
    "codec_range": (
        f"one of {CODEC_RANGES}",
        lambda value: value in CODEC_RANGES,
    ),
    "shrink": ("an integer >= 1", _is_count),
    "camera": (f"one of {CAMERAS}", lambda value: value in CAMERAS),
}
