"""Uniform chance -> what the transformations take."""

import math
from typing import Any

from keras_twostream.transforms.arrays import namespace


def between(chance: Any, limits: tuple[float, float]) -> Any:
    """Returns numbers between limits from chance in [0, 1)."""
    low, high = limits
    return low + (high - low) * chance


def starts(chance: Any, room: Any) -> Any:
    """Returns whole numbers from 0 to `room` from chance in [0, 1).

    Args:
        chance: Float tensor.
        room: Whole numbers that broadcast with it.

    Returns:
        `float32`, each number equally likely.
    """
    ops = namespace(chance)
    # The product of a chance just below 1 may be rounded up to the end.
    return ops.minimum(ops.floor(chance * (room + 1.0)), room * 1.0)


def crop_boxes(
    chance: Any,
    height: Any,
    width: Any,
    scale: tuple[float, float],
    ratio: tuple[float, float],
) -> Any:
    """Draws boxes of random area, shape and place.

    Args:
        chance: Float tensor `(..., 4)` in [0, 1): area, shape, row, column.
        height: Of the frame in pixels.
        width: Of the frame in pixels.
        scale: Smallest and largest area, as shares of the frame's.
        ratio: Smallest and largest width over height, drawn on a logarithmic
            scale. What would not fit is cut off at the frame's sides.

    Returns:
        `float32 (..., 4)` of whole numbers: top, left, height and width in
        pixels.
    """
    ops = namespace(chance)
    height, width = ops.cast(height, "float32"), ops.cast(width, "float32")
    area = between(chance[..., 0], scale) * height * width
    logs = (math.log(ratio[0]), math.log(ratio[1]))
    shape = ops.exp(between(chance[..., 1], logs))
    high = _within(ops.sqrt(area / shape), height)
    wide = _within(ops.sqrt(area * shape), width)
    top = starts(chance[..., 2], height - high)
    left = starts(chance[..., 3], width - wide)
    return ops.stack([top, left, high, wide], axis=-1)


def center_box(height: int, width: int, size: tuple[int, int]) -> list[int]:
    """Returns the largest centred box of the aspect ratio of `size`."""
    share = min(height / size[0], width / size[1])
    high = max(1, min(height, round(size[0] * share)))
    wide = max(1, min(width, round(size[1] * share)))
    return [(height - high) // 2, (width - wide) // 2, high, wide]


def cut_boxes(chance: Any, weight: Any, height: Any, width: Any) -> Any:
    """Draws the boxes of `cut_mix`, of the shape of the frame.

    Args:
        chance: Float tensor `(N, 2)` in [0, 1): row, column.
        weight: `float32 (N,)`, share of the frame that is left.
        height: Of the frame in pixels.
        width: Of the frame in pixels.

    Returns:
        `float32 (N, 4)` of whole numbers: top, left, height and width in
        pixels, within the frame.
    """
    ops = namespace(chance)
    height, width = ops.cast(height, "float32"), ops.cast(width, "float32")
    side = ops.sqrt(ops.maximum(1.0 - weight, 0.0))
    high, wide = ops.round(side * height), ops.round(side * width)
    top = starts(chance[..., 0], height - high)
    left = starts(chance[..., 1], width - wide)
    return ops.stack([top, left, high, wide], axis=-1)


def beta_weights(chance: Any, gammas: Any, alpha: float) -> Any:
    """Returns numbers of a Beta(alpha, alpha) distribution.

    By way of logarithms (a gamma of `alpha` is one of `alpha` + 1 times a
    uniform number to the power of 1 / `alpha`), so that it holds for small
    `alpha` too, where both gammas are 0 in float32.

    Args:
        chance: Uniform numbers `(N, 2)` in [0, 1).
        gammas: Numbers `(N, 2)` of a gamma distribution of `alpha` + 1.
        alpha: Positive.

    Returns:
        `float32 (N,)`, 0 to 1.
    """
    ops = namespace(chance)
    logs = ops.log(gammas) + ops.log(1.0 - chance) / alpha
    return ops.sigmoid(logs[..., 0] - logs[..., 1])


def random_order(chance: Any) -> Any:
    """Returns a permutation, `int32 (N,)`, from chance `(N,)`."""
    ops = namespace(chance)
    return ops.cast(ops.argsort(chance), "int32")


def _within(length: Any, limit: Any) -> Any:
    ops = namespace(length)
    return ops.minimum(ops.maximum(ops.round(length), 1.0), limit)
