"""One sample of a dataset -> pictures of all that a network gets of it."""

import dataclasses
from typing import Any

import cv2
import numpy as np

from keras_twostream.flow.colors import color_wheel_legend, flow_to_image
from keras_twostream.report.images import jpeg_address

# Width of a picture on a sheet, and share of the vectors that a scale shows
# without saturation.
WIDTH, _PERCENTILE = 176, 99.5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """What a network gets of one clip.

    Attributes:
        name: The clip.
        label: What it is fed as, in words; "" without labels.
        group: Name of its group, or "".
        rgb: `float32 (T, H, W, 3)`, or `None`.
        flow: `float32 (T, H, W, 2L)`, pixels at this size, or `None`.
        heat: Dict of stream -> `float32 (T, h, w)` in 0 to 1, what speaks for
            an answer, or `None`.
    """

    name: str
    label: str = ""
    group: str = ""
    rgb: Any = None
    flow: Any = None
    heat: Any = None

    @property
    def shape(self) -> tuple[int, int]:
        """Number of frames T and of flow fields of each, L; 1 for none."""
        given = self.flow if self.rgb is None else self.rgb
        fields = 1 if self.flow is None else self.flow.shape[-1] // 2
        return len(given), fields

    def facts(self) -> dict[str, str]:
        """Returns the ranges of its numbers, in words."""
        told = {}
        if self.rgb is not None:
            told["RGB"] = _range(self.rgb, "levels", 0)
        if self.flow is not None:
            told["u"] = _range(self.flow[..., 0::2], "px", 1)
            told["v"] = _range(self.flow[..., 1::2], "px", 1)
            speeds = np.hypot(self.flow[..., 0::2], self.flow[..., 1::2])
            told["mean speed"] = f"{speeds.mean():.2f} px per step"
        return told


def scale_of(samples: list[Sample]) -> float:
    """Returns the speed, in pixels per step, of full colour in all pictures."""
    fastest = [
        np.percentile(
            np.hypot(each.flow[..., 0::2], each.flow[..., 1::2]), _PERCENTILE
        )
        for each in samples
        if each.flow is not None
    ]
    return float(max(max(fastest, default=0.0), 0.5))


def frames_sheet(sample: Sample, heated: bool = False) -> str:
    """Returns the frames, one below the other, as a `data:` address.

    Args:
        sample: The sample.
        heated: Whether what speaks for the answer is laid over them.
    """
    frames = np.clip(np.rint(sample.rgb), 0, 255).astype(np.uint8)
    pictures = [_small(frame) for frame in frames]
    if heated:
        heat = sample.heat["rgb"]
        pictures = [_glowing(x, h) for x, h in zip(pictures, heat, strict=True)]
    return jpeg_address(np.concatenate(pictures))


def flow_sheet(sample: Sample, scale: float, heated: bool = False) -> str:
    """Returns the fields as a `data:` address: a row for each frame.

    Args:
        sample: The sample.
        scale: Speed of full colour in pixels per step.
        heated: Whether what speaks for the answer is laid over them.
    """
    rows = []
    for place, stack in enumerate(sample.flow):
        fields = np.split(stack, stack.shape[-1] // 2, axis=-1)
        pictures = [_small(flow_to_image(field, scale)) for field in fields]
        if heated:
            heat = sample.heat["flow"][place]
            pictures = [_glowing(picture, heat) for picture in pictures]
        rows.append(np.concatenate(pictures, axis=1))
    return jpeg_address(np.concatenate(rows))


def _glowing(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Returns a picture in grey, with heat of 0 to 1 as colour over it."""
    size = image.shape[1::-1]
    heat = cv2.resize(heat, size, interpolation=cv2.INTER_LINEAR)[..., None]
    levels = np.rint(255 * heat).astype(np.uint8)
    colour = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1]
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] * 0.8
    mixed = gray + (colour - gray) * np.clip(1.6 * heat, 0, 0.75)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def wheel(size: int = 96) -> str:
    """Returns the key to the colours as a `data:` address."""
    return jpeg_address(color_wheel_legend(size), 92)


def _small(image: np.ndarray) -> np.ndarray:
    height = max(1, round(image.shape[0] * WIDTH / image.shape[1]))
    shrinks = image.shape[1] > WIDTH
    how = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    return cv2.resize(image, (WIDTH, height), interpolation=how)


def _range(values: np.ndarray, unit: str, digits: int) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:.{digits}f} to {high:.{digits}f} {unit}"
