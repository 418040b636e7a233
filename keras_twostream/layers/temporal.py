"""Pooling over time and space, by which the time axis ends."""

import keras
from keras import ops

from keras_twostream.layers._base import export

POOLS = {"average": ops.mean, "max": ops.max}


def _check_pool(mode):
    if mode not in POOLS:
        raise ValueError(f"mode must be one of {[*POOLS]}. Received: {mode}")


def _pool_frames(x, pool_size, strides, mode):
    """Pools `(batch, time, height, width, channels)` frame by frame."""
    time = x.shape[1]
    folded = ops.reshape(x, (-1, *x.shape[2:]))
    pool = ops.max_pool if mode == "max" else ops.average_pool
    y = pool(folded, pool_size, strides=strides, data_format="channels_last")
    return ops.reshape(y, (-1, time, *y.shape[1:]))


def _pooled(size, window, stride):
    return (size - window) // stride + 1


@export
class TemporalPool(keras.layers.Layer):
    """Ends the time axis by pooling over it, whole or in ordered segments.

    Args:
        mode: `"average"` or `"max"`.
        segments: Integer, number of consecutive parts that are pooled apart
            and stacked along the channels; 1 forgets the order of time, more
            keep it ("conv pooling" and its ordered kin).

    Input shape:
        `(batch, time, ..., channels)`.

    Output shape:
        `(batch, ..., segments * channels)`.
    """

    def __init__(self, mode="average", segments=1, **kwargs):
        super().__init__(**kwargs)
        _check_pool(mode)
        self.mode, self.segments = mode, segments

    def build(self, input_shape):
        if not 1 <= self.segments <= input_shape[1]:
            raise ValueError(
                f"segments must be from 1 to the {input_shape[1]} frames. "
                f"Received: segments={self.segments}"
            )
        super().build(input_shape)

    def call(self, inputs):
        time = inputs.shape[1]
        edges = [time * i // self.segments for i in range(self.segments + 1)]
        pool = POOLS[self.mode]
        parts = [
            pool(inputs[:, start:stop], axis=1)
            for start, stop in zip(edges[:-1], edges[1:], strict=True)
        ]
        return ops.concatenate(parts, axis=-1)

    def compute_output_shape(self, input_shape):
        batch, _, *rest, channels = input_shape
        return (batch, *rest, channels * self.segments)

    def get_config(self):
        own = {"mode": self.mode, "segments": self.segments}
        return super().get_config() | own


@export
class Temporal2DPool(keras.layers.Layer):
    """Pools every frame of a clip in space alone (the paper's 2D pooling).

    Args:
        pool_size: Integer or pair, window in cells.
        strides: Integer or pair; by default the window.
        mode: `"max"` or `"average"`.

    Input shape:
        `(batch, time, height, width, channels)`.

    Output shape:
        `(batch, time, pooled height, pooled width, channels)`.
    """

    def __init__(self, pool_size=2, strides=None, mode="max", **kwargs):
        super().__init__(**kwargs)
        _check_pool(mode)
        self.pool_size = _pair(pool_size)
        self.strides = self.pool_size if strides is None else _pair(strides)
        self.mode = mode

    def call(self, inputs):
        return _pool_frames(inputs, self.pool_size, self.strides, self.mode)

    def compute_output_shape(self, input_shape):
        batch, time, *size, channels = input_shape
        size = map(_pooled, size, self.pool_size, self.strides)
        return (batch, time, *size, channels)

    def get_config(self):
        own = ("pool_size", "strides", "mode")
        return super().get_config() | {key: getattr(self, key) for key in own}


@export
class Temporal3DPool(keras.layers.Layer):
    """Max-pools a clip over cubes of time and space (the paper's 3D pooling).

    Written as a spatial pool of each frame and a maximum over time, which is
    the same and runs where 3D pooling operations are missing.

    Args:
        pool_size: Triple (time, height, width) or integer; a time of `None`
            is the whole clip, as the released code pools.
        strides: Triple or integer; by default the window.

    Input shape:
        `(batch, time, height, width, channels)`.

    Output shape:
        `(batch, pooled time, pooled height, pooled width, channels)`.
    """

    def __init__(self, pool_size=(None, 2, 2), strides=None, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = _triple(pool_size)
        self.strides = self.pool_size if strides is None else _triple(strides)

    def _time(self, frames):
        """Returns (window, stride, count) along time."""
        window = self.pool_size[0] or frames
        stride = self.strides[0] or window
        if window > frames:
            raise ValueError(
                f"pool_size spans {window} frames of a clip of {frames}. "
                f"Received: pool_size={self.pool_size}"
            )
        return window, stride, _pooled(frames, window, stride)

    def call(self, inputs):
        x = _pool_frames(inputs, self.pool_size[1:], self.strides[1:], "max")
        window, stride, count = self._time(x.shape[1])
        last = (count - 1) * stride + 1
        result = x[:, 0:last:stride]
        for start in range(1, window):
            shifted = x[:, start : start + last : stride]
            result = ops.maximum(result, shifted)
        return result

    def compute_output_shape(self, input_shape):
        batch, time, *size, channels = input_shape
        size = map(_pooled, size, self.pool_size[1:], self.strides[1:])
        return (batch, self._time(time)[2], *size, channels)

    def get_config(self):
        own = {"pool_size": self.pool_size, "strides": self.strides}
        return super().get_config() | own


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _triple(value):
    return (value,) * 3 if isinstance(value, int) else tuple(value)
