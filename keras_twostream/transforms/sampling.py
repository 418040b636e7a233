"""Pixels at given places."""

from typing import Any

from keras_twostream.transforms.arrays import namespace


def gather(frames: Any, rows: Any, columns: Any) -> Any:
    """Takes pixels.

    Args:
        frames: Tensor `(M, H, W, C)`.
        rows: `int32`, broadcasts with `columns` to `(M or 1, h, w)`.
        columns: `int32`.

    Returns:
        `(M, h, w, C)`.
    """
    ops = namespace(frames)
    count, high, wide, channels = ops.shape(frames)
    first = ops.arange(count, dtype="int32") * (high * wide)
    index = ops.reshape(first, (-1, 1, 1)) + rows * wide + columns
    pixels = ops.reshape(frames, (-1, channels))
    taken = ops.take(pixels, ops.reshape(index, (-1,)), axis=0)
    return ops.reshape(taken, (*ops.shape(index), channels))


def interpolate(frames: Any, y: Any, x: Any) -> Any:
    """Reads frames between their pixels, linearly along both axes.

    Beyond the edges the nearest pixel counts.

    Args:
        frames: Tensor `(M, H, W, C)`.
        y: `float32`, broadcasts with `x` to `(M or 1, h, w)`; 0 is the middle
            of the first row.
        x: `float32`; 0 is the middle of the first column.

    Returns:
        `(M, h, w, C)`.
    """
    high, wide = namespace(frames).shape(frames)[1:3]
    top, bottom, down = _neighbours(y, high)
    left, right, along = _neighbours(x, wide)
    down, along = down[..., None], along[..., None]
    above = _mix(frames, along, (top, left), (top, right))
    below = _mix(frames, along, (bottom, left), (bottom, right))
    return above + down * (below - above)


def grid(frames: Any) -> tuple[Any, Any]:
    """Returns the rows `(1, H, 1)` and columns `(1, 1, W)` of all pixels."""
    ops = namespace(frames)
    high, wide = ops.shape(frames)[1:3]
    rows = ops.arange(high, dtype="float32")
    columns = ops.arange(wide, dtype="float32")
    return ops.reshape(rows, (1, -1, 1)), ops.reshape(columns, (1, 1, -1))


def _neighbours(place: Any, size: Any) -> tuple[Any, Any, Any]:
    """Returns the pixels before and after a place, and how far it is on."""
    ops = namespace(place)
    last = ops.cast(size - 1, "float32")
    place = ops.minimum(ops.maximum(place, 0.0), last)
    before = ops.floor(place)
    after = ops.minimum(before + 1.0, last)
    return ops.cast(before, "int32"), ops.cast(after, "int32"), place - before


def _mix(frames: Any, share: Any, one: tuple, other: tuple) -> Any:
    first = gather(frames, *one)
    return first + share * (gather(frames, *other) - first)
