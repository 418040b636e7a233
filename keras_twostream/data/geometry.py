"""Rotation, time and colours of one sample, with chance as an argument.

Pure TensorFlow functions on `{"rgb": (T, H, W, 3), "flow": (T, H, W, 2L)}` or
one of the two, for the input pipeline; the mathematics are those of
`keras_twostream.transforms`, and so of the layers. Reversed and faster clips
are best made where fields are chosen, which is here: it is exact at any number
of fields, and frames spread as they would in such a clip.
"""

import math
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from keras_twostream.data.sampling import stack_fields
from keras_twostream.transforms import chance as draws
from keras_twostream.transforms import color, mixing, space


def random_rotation(chance, sample, factor=0.05, fill_mode: str = "reflect"):
    """Rotates a sample by up to `factor` full turns, either way.

    Args:
        chance: Float tensor `()` in [0, 1).
        sample: Dict of float tensors `(T, H, W, C)`.
        factor: Largest angle as a share of a full turn.
        fill_mode: See `transforms.rotate`.

    Returns:
        Dict of tensors of the same shapes.
    """
    angle = 2 * math.pi * draws.between(chance, (-factor, factor))
    return space.rotate(sample, angle, fill_mode)


def random_colors(chance, sample, limits: Mapping[str, tuple[float, float]]):
    """Changes the colours of a sample's frames alike; flow stays.

    Args:
        chance: Float tensor `(len(limits),)` in [0, 1).
        sample: Dict of float tensors `(T, H, W, C)`.
        limits: Argument of `transforms.jitter` -> smallest and largest value.

    Returns:
        Dict of tensors of the same shapes.
    """
    drawn = {
        name: draws.between(chance[index], pair)
        for index, (name, pair) in enumerate(limits.items())
    }
    return _alone(color.jitter(_batch(sample), **drawn))


def random_erasing(
    chance,
    sample,
    scale: tuple[float, float] = (0.02, 0.33),
    ratio: tuple[float, float] = (0.3, 3.3),
    fill_value: float = 127.5,
):
    """Covers a random box of all frames with a patch that does not move.

    Args:
        chance: Float tensor `(4,)` in [0, 1).
        sample: Dict of float tensors `(T, H, W, C)`.
        scale: Smallest and largest area, as shares of the frame's.
        ratio: Smallest and largest width over height.
        fill_value: Grey of the patch, 0 to 255.

    Returns:
        Dict of tensors of the same shapes.
    """
    size = tf.shape(next(iter(sample.values())))
    boxes = draws.crop_boxes(chance, size[1], size[2], scale, ratio)
    return mixing.erase(sample, boxes, fill_value)


def reversed_stacks(centers, length, fields: int, step: int = 1):
    """Chooses frames and fields of the sample of the reversed clip.

    The fields must be inverted once they are read, `transforms.invert_stack`:
    the sample is then that of the reversed clip at the frames `length` - 1 -
    `centers`, see `transforms.motion`.

    Args:
        centers: `int32 (T,)`, frame indices of the clip as it is.
        length: Integer tensor, number of frames of the clip.
        fields: Number of fields in a stack, L.
        step: Frames between the two images of a flow field.

    Returns:
        `(int32 (T,), int32 (T, L))`: frame indices and field indices.
    """
    # A field of the way back belongs to the frame where the way there ends.
    shift = (fields % 2) * step
    stacks = stack_fields(centers - shift, length, fields, step)
    return tf.reverse(centers, [0]), tf.reverse(stacks, [0, 1])


def faster_stacks(centers, length, fields: int, step: int, factor: int):
    """Chooses the fields of the sample of a clip played faster.

    Each `factor` of them that follow one another become one once they are
    read, by `transforms.compose_runs`. The clip played faster has every
    `factor`-th frame.

    Args:
        centers: `int32 (T,)`, frame indices of the clip as it is.
        length: Integer tensor, number of frames of the clip.
        fields: Number of fields in a stack of the result, L.
        step: Frames between the two images of a flow field.
        factor: How many times faster.

    Returns:
        `int32 (T, L * factor)`, field indices.
    """
    count = fields * factor
    # Stacks are centred, and half of an odd number is rounded down.
    shift = (count // 2 - fields // 2 * factor) * step
    return stack_fields(centers + shift, length, count, step)


def _batch(sample: dict) -> dict:
    return {name: value[None] for name, value in sample.items()}


def _alone(sample: dict) -> dict[str, Any]:
    return {name: value[0] for name, value in sample.items()}
