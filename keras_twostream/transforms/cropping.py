"""Crops of frames and flow, resized or as they are."""

import math
from typing import Any

from keras_twostream.transforms.arrays import namespace
from keras_twostream.transforms.sampling import gather
from keras_twostream.transforms.streams import (
    Sample,
    fold,
    per_frame,
    require,
    scale_vectors,
    unfold,
)


def crop(sample: Sample, top: Any, left: Any, size: tuple[int, int]) -> Sample:
    """Cuts a window out of a sample. Exact: vectors stay what they are.

    Args:
        sample: Dict of tensors `(N, [T,] H, W, C)`.
        top: First row of the window, an integer or `int32 (N,)`.
        left: First column of the window, of the same kind.
        size: Height and width of the window in pixels, within the frame.

    Returns:
        Dict of tensors `(N, [T,] *size, C)`.
    """
    return {name: _cropped(x, top, left, size) for name, x in sample.items()}


def _cropped(x: Any, top: Any, left: Any, size: tuple[int, int]) -> Any:
    ops = namespace(x)
    frames, lead = fold(x)
    top, left = (
        per_frame(ops.convert_to_tensor(start, dtype="int32"), lead)
        for start in (top, left)
    )
    rows = top + ops.reshape(ops.arange(size[0], dtype="int32"), (1, -1, 1))
    columns = left + ops.reshape(ops.arange(size[1], dtype="int32"), (1, 1, -1))
    return unfold(gather(frames, rows, columns), lead)


def resized_crop(
    sample: Sample, boxes: Any, image_size: tuple[int, int]
) -> Sample:
    """Cuts boxes out of a sample and brings them to one size.

    Vectors grow and shrink with the frames, u with the width and v with the
    height. The same as slicing and `tf.image.resize`, antialiased for RGB:
    RGB is averaged where it shrinks, flow is interpolated linearly.

    Args:
        sample: Dict of float tensors `(N, [T,] H, W, C)`, height and width
            being known.
        boxes: Tensor `(4,)` or `(N, 4)` of whole numbers: top, left, height
            and width in pixels, within the frame.
        image_size: Height and width of the result.

    Returns:
        Dict of tensors `(N, [T,] *image_size, C)`.

    Raises:
        ValueError: If the size of the frames is not known.
    """
    ops = namespace(next(iter(sample.values())))
    boxes = ops.cast(ops.convert_to_tensor(boxes), "float32")
    box = [boxes[..., k] for k in range(4)]
    resized = {
        name: _resized(x, box, image_size, antialias=name == "rgb")
        for name, x in sample.items()
    }
    if "flow" in sample:
        v, u = image_size[0] / box[2], image_size[1] / box[3]
        resized["flow"] = scale_vectors(resized["flow"], u, v)
    return resized


def _resized(x: Any, box: list, image_size: tuple, antialias: bool) -> Any:
    require(
        None not in x.shape[-3:-1],
        "A resized crop needs frames whose height and width are known.",
        f"shape {x.shape}",
    )
    ops = namespace(x)
    frames, lead = fold(x)
    top, left, high, wide = (per_frame(value, lead) for value in box)
    _, height, width, channels = ops.shape(frames)
    # Rows as one long pixel each: there are fewer of them to take.
    rows = ops.reshape(frames, (-1, height, 1, width * channels))
    taps = _taps(top, high, height, image_size[0], antialias)
    rows = _weighted(rows, [(i[:, :, None], 0, w[:, :, None]) for i, w in taps])
    frames = ops.reshape(rows, (-1, image_size[0], width, channels))
    every = ops.arange(image_size[0], dtype="int32")[None, :, None]
    taps = _taps(left, wide, width, image_size[1], antialias)
    taken = [(every, i[:, None, :], w[:, None, :]) for i, w in taps]
    return unfold(_weighted(frames, taken), lead)


def _taps(start: Any, length: Any, size: int, count: int, antialias: bool):
    """Returns which pixels along an axis make the pixels of the result.

    Args:
        start: First pixel of the box, `(M or 1, 1, 1)`.
        length: Number of its pixels, of the same shape.
        size: Number of all pixels.
        count: Number of pixels wanted.
        antialias: Whether to average over more than two neighbours.

    Returns:
        List of `(int32 (M, count), float32 (M, count))`, pixels and their
        weights, which add up to 1.
    """
    ops = namespace(start)
    start, length = start[:, :, 0], length[:, :, 0]
    step = length / count
    radius = ops.maximum(step, 1.0) if antialias else 1.0
    place = start + (ops.arange(count, dtype="float32") + 0.5) * step
    first = ops.floor(place - radius)
    reach = max(size / count, 1.0) if antialias else 1.0
    pixels = [first + k for k in range(math.ceil(2 * reach) + 1)]
    weights = []
    for pixel in pixels:
        near = 1.0 - abs(pixel + 0.5 - place) / radius
        inside = (pixel >= start) & (pixel < start + length)
        weights.append(ops.where(inside, ops.maximum(near, 0.0), 0.0))
    total = sum(weights)
    pixels = [ops.minimum(ops.maximum(p, 0.0), size - 1.0) for p in pixels]
    return [
        (ops.cast(pixel, "int32"), weight / total)
        for pixel, weight in zip(pixels, weights, strict=True)
    ]


def _weighted(frames: Any, taps: list) -> Any:
    """Adds up pixels `(rows, columns, weights)` of frames."""
    return sum(
        gather(frames, rows, columns) * weights[..., None]
        for rows, columns, weights in taps
    )
