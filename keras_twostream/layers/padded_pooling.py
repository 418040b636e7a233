"""Pooling in windows that may hang over any edge, of what lies on the map."""

import math
from functools import reduce

import keras
import numpy as np
from keras import ops

from keras_twostream.layers._base import export
from keras_twostream.layers._time import check_mode

MODES = ("max", "average")


@export
class PaddedPooling(keras.layers.Layer):
    """Pools with explicit padding that takes no part in the result.

    The maximum and the average are those of the cells of a window that lie on
    the map, as in MatConvNet (its `vl_nnpool` on a CPU); a `ZeroPadding2D` in
    front of a pooling layer would count the zeros.

    Args:
        pool_size: Sequence of integers, window along each axis between batch
            and channels.
        strides: The same, steps of the window.
        padding: Sequence of pairs, cells before and after the map, along each
            of these axes.
        mode: `"max"` or `"average"`.

    Input shape:
        `(batch, [time,] height, width, channels)`.

    Output shape:
        The same, with `(size + before + after - pool_size) // strides + 1`
        cells along each of these axes.

    Raises:
        ValueError: If a window fits nowhere, or lies beside the map.
    """

    def __init__(self, pool_size, strides, padding, mode="max", **kwargs):
        super().__init__(**kwargs)
        check_mode(mode, MODES)
        self.pool_size, self.strides = tuple(pool_size), tuple(strides)
        self.padding = tuple(tuple(pair) for pair in padding)
        self.mode = mode

    def build(self, input_shape):
        counts = self._counts(input_shape)
        if not all(len(count) and count.all() for count in counts):
            raise ValueError(
                f"Windows of {self.pool_size} with padding of {self.padding} "
                f"must each hold cells of the map. Received: a map of "
                f"{tuple(input_shape[1:-1])}"
            )
        super().build(input_shape)

    def _counts(self, shape):
        """Returns, for each axis, how many cells of a map each window holds."""
        axes = zip(
            shape[1:-1], self.pool_size, self.strides, self.padding, strict=True
        )
        return [_held(*axis) for axis in axes]

    def call(self, inputs):
        # TensorFlow has no 3D pooling in half precision on a CPU.
        x = self._pooled(ops.cast(inputs, "float32"))
        return ops.cast(x, inputs.dtype)

    def _pooled(self, x):
        padding = [(0, 0), *self.padding, (0, 0)]
        options = self.pool_size, self.strides, "valid", "channels_last"
        if self.mode == "max":
            x = ops.pad(x, padding, constant_values=-float("inf"))
            return ops.max_pool(x, *options)
        held = reduce(np.multiply.outer, self._counts(x.shape))
        x = ops.average_pool(ops.pad(x, padding), *options)
        gain = math.prod(self.pool_size) / held[None, ..., None]
        return x * ops.convert_to_tensor(gain, x.dtype)

    def compute_output_shape(self, input_shape):
        cells = map(len, self._counts(input_shape))
        return (input_shape[0], *cells, input_shape[-1])

    def get_config(self):
        own = ("pool_size", "strides", "padding", "mode")
        return super().get_config() | {key: getattr(self, key) for key in own}


def _held(size, window, step, padding):
    """Returns how many cells of a line each window on it holds."""
    before, after = padding
    starts = np.arange(0, size + before + after - window + 1, step) - before
    ends = np.minimum(starts + window, size)
    return np.maximum(ends - np.maximum(starts, 0), 0)
