"""Augmentation in space: flips, crops and rotations of both streams."""

import math

from keras_twostream.layers._augmentation import TwoStreamAugmentation
from keras_twostream.layers._base import export
from keras_twostream.layers._limits import (
    check_choice,
    check_limits,
    check_positive,
)
from keras_twostream.transforms import chance as draws
from keras_twostream.transforms import cropping, space, streams
from keras_twostream.transforms.arrays import namespace

MODES = {
    "horizontal": ("horizontal",),
    "vertical": ("vertical",),
    "horizontal_and_vertical": ("horizontal", "vertical"),
}


@export
class TwoStreamRandomFlip(TwoStreamAugmentation):
    """Mirrors half of the clips; what is mirrored moves the other way.

    Args:
        mode: "horizontal" (changes the sign of u), "vertical" (of v) or
            "horizontal_and_vertical" (each by a chance of its own).
        **kwargs: Arguments of `TwoStreamAugmentation`.

    Raises:
        ValueError: If there is no such mode.
    """

    arguments = ("mode",)

    def __init__(self, mode="horizontal", **kwargs):
        super().__init__(**kwargs)
        self.mode = check_choice("mode", mode, MODES)

    def transform(self, sample, training):
        if not training:
            return sample
        axes = MODES[self.mode]
        chance = self.chance.uniform(_some(sample), len(axes))
        for column, axis in enumerate(axes):
            mirrored = space.flip(sample, axis)
            chosen = chance[:, column] < 0.5
            sample = streams.choose(chosen, mirrored, sample)
        return sample


@export
class TwoStreamRandomCrop(TwoStreamAugmentation):
    """Cuts out a window anywhere; outside of training, in the middle.

    Args:
        height: Of the window in pixels.
        width: Of the window in pixels.
        **kwargs: Arguments of `TwoStreamAugmentation`.

    Output shape:
        `([N,] [T,] height, width, C)`.

    Raises:
        ValueError: If a size is not positive, or frames are smaller than the
            window or of unknown size.
    """

    arguments = ("height", "width")

    def __init__(self, height, width, **kwargs):
        super().__init__(**kwargs)
        check_positive(height=height, width=width)
        self.height, self.width = height, width

    def transform(self, sample, training):
        size = self.height, self.width
        frames = _frame_size(self, sample)
        room = [have - want for have, want in zip(frames, size, strict=True)]
        if min(room) < 0:
            raise ValueError(
                f"{self.name} cuts windows of {size} pixels (height, width). "
                f"Received: frames of {frames}"
            )
        if not training:
            return cropping.crop(sample, room[0] // 2, room[1] // 2, size)
        chance = self.chance.uniform(_some(sample), 2)
        top, left = (
            namespace(chance).cast(draws.starts(chance[:, k], room[k]), "int32")
            for k in range(2)
        )
        return cropping.crop(sample, top, left, size)

    def size_of(self, name, shape):
        return (*shape[:-3], self.height, self.width, shape[-1])


@export
class TwoStreamRandomResizedCrop(TwoStreamAugmentation):
    """Cuts out a box of random area, shape and place, brought to one size.

    Vectors are scaled with the frames, u with the width and v with the
    height. Outside of training it is the largest box of the result's aspect
    ratio in the middle.

    Args:
        height: Of the result in pixels.
        width: Of the result in pixels.
        scale: Smallest and largest area of the box, as shares of the
            frame's.
        ratio: Smallest and largest width over height of the box; what would
            not fit is cut off.
        **kwargs: Arguments of `TwoStreamAugmentation`.

    Output shape:
        `([N,] [T,] height, width, C)`.

    Raises:
        ValueError: If a size or limit is not allowed, or if the size of the
            frames is unknown.
    """

    arguments = ("height", "width", "scale", "ratio")

    def __init__(
        self, height, width, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), **kwargs
    ):
        super().__init__(**kwargs)
        check_positive(height=height, width=width)
        self.height, self.width = height, width
        self.scale = check_limits("scale", tuple(scale), 1e-6, 1.0)
        self.ratio = check_limits("ratio", tuple(ratio), 1e-3, 1e3)

    def transform(self, sample, training):
        size = self.height, self.width
        height, width = _frame_size(self, sample)
        if training:
            chance = self.chance.uniform(_some(sample), 4)
            boxes = draws.crop_boxes(
                chance, height, width, self.scale, self.ratio
            )
        else:
            boxes = draws.center_box(height, width, size)
        return cropping.resized_crop(sample, boxes, size)

    def size_of(self, name, shape):
        return (*shape[:-3], self.height, self.width, shape[-1])


@export
class TwoStreamRandomRotation(TwoStreamAugmentation):
    """Rotates clips about their middle; positions and vectors turn alike.

    Args:
        factor: Largest angle as a share of a full turn, either way, or a pair
            of smallest and largest; positive is counter-clockwise.
        fill_mode: What is shown beyond the edges: "reflect" (the mirrored
            frames, moving as mirrored) or "constant" (one grey, unmoved).
        fill_value: That grey, 0 to 255.
        **kwargs: Arguments of `TwoStreamAugmentation`.

    Raises:
        ValueError: If `factor` or `fill_mode` is not allowed.
    """

    arguments = ("factor", "fill_mode", "fill_value")

    def __init__(self, factor, fill_mode="reflect", fill_value=0.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = check_limits("factor", factor, -1.0, 1.0)
        self.fill_mode = check_choice("fill_mode", fill_mode, space.FILL_MODES)
        self.fill_value = fill_value

    def transform(self, sample, training):
        if not training:
            return sample
        chance = self.chance.uniform(_some(sample), 1)[:, 0]
        angle = 2 * math.pi * draws.between(chance, self.factor)
        return space.rotate(sample, angle, self.fill_mode, self.fill_value)


def _some(sample):
    return next(iter(sample.values()))


def _frame_size(layer, sample):
    """Returns height and width; raises `ValueError` if unknown."""
    size = tuple(_some(sample).shape[-3:-1])
    if None in size:
        raise ValueError(
            f"{layer.name} needs frames whose height and width are known. "
            f"Received: {size}"
        )
    return size
