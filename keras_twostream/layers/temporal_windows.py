"""Pooling in windows of a clip, after which time goes on."""

from keras import ops

from keras_twostream.layers._base import export
from keras_twostream.layers._time import TimeLayer, check_mode, count_windows

POOLS = {"average": ops.average_pool, "max": ops.max_pool}


@export
class Temporal2DPool(TimeLayer):
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

    ranks = (5,)

    def __init__(self, pool_size=2, strides=None, mode="max", **kwargs):
        super().__init__(**kwargs)
        check_mode(mode, POOLS)
        self.pool_size = _tuple(pool_size, 2)
        self.strides = self.pool_size if strides is None else _tuple(strides, 2)
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
class Temporal3DPool(TimeLayer):
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

    Raises:
        ValueError: If a window is longer than the clip.
    """

    ranks = (5,)

    def __init__(self, pool_size=(None, 2, 2), strides=None, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = _tuple(pool_size, 3)
        self.strides = self.pool_size if strides is None else _tuple(strides, 3)

    def build(self, input_shape):
        super().build(input_shape)
        self._time(input_shape[1])

    def _time(self, frames):
        """Returns (window, stride, count) along time."""
        window = self.pool_size[0] or frames
        stride = self.strides[0] or window
        return (
            window,
            stride,
            count_windows("pool_size", window, stride, frames),
        )

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


def _pool_frames(x, pool_size, strides, mode):
    """Pools `(batch, time, height, width, channels)` frame by frame."""
    if pool_size == strides == (1, 1):
        return x
    time = x.shape[1]
    folded = ops.reshape(x, (-1, *x.shape[2:]))
    pool = POOLS[mode]
    y = pool(folded, pool_size, strides=strides, data_format="channels_last")
    return ops.reshape(y, (-1, time, *y.shape[1:]))


def _pooled(size, window, stride):
    return (size - window) // stride + 1


def _tuple(value, length):
    return (value,) * length if isinstance(value, int) else tuple(value)
