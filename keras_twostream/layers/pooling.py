"""Max pooling that keeps the last, partly filled window."""

import keras
from keras import ops

from keras_twostream.layers._base import export


def overhang(size, window, step):
    """Returns how many cells the last window lacks along an axis."""
    missing = -(size - window) % step
    # A window must not begin beyond the edge.
    return missing if missing < window else 0


def ceil_windows(size, window, step):
    """Returns the number of windows along an axis; below 1 if none fits."""
    return (size + overhang(size, window, step) - window) // step + 1


class _CeilMaxPooling(keras.layers.Layer):
    """Max pooling over the axes between batch and channels."""

    def __init__(self, pool_size, strides, **kwargs):
        super().__init__(**kwargs)
        self.pool_size, self.strides = pool_size, strides

    def _axes(self, shape):
        """Yields (cells, window, step) of every axis that is pooled."""
        cells = shape[1:-1]
        windows, steps = (
            [value] * len(cells) if isinstance(value, int) else value
            for value in (self.pool_size, self.strides)
        )
        return zip(cells, windows, steps, strict=True)

    def build(self, input_shape):
        if any(ceil_windows(*axis) < 1 for axis in self._axes(input_shape)):
            cells = "x".join(map(str, input_shape[1:-1]))
            raise ValueError(
                f"Maps are too small for windows of {self.pool_size}; use "
                f"larger images. Received: {cells} cells"
            )
        super().build(input_shape)

    def call(self, inputs):
        cells, windows, steps = zip(*self._axes(inputs.shape), strict=True)
        missing = map(overhang, cells, windows, steps)
        padding = [(0, 0), *((0, count) for count in missing), (0, 0)]
        if padding != [(0, 0)] * len(padding):
            inputs = ops.pad(inputs, padding, constant_values=-float("inf"))
        if len(cells) == 3:
            return _pool_clips(inputs, windows, steps)
        return _pool_images(inputs, windows, steps)

    def compute_output_shape(self, input_shape):
        counts = [ceil_windows(*axis) for axis in self._axes(input_shape)]
        return (input_shape[0], *counts, input_shape[-1])

    def get_config(self):
        own = {"pool_size": self.pool_size, "strides": self.strides}
        return super().get_config() | own


def _pool_images(x, windows, steps, padding="valid"):
    return ops.max_pool(x, windows, steps, padding, data_format="channels_last")


def _pool_clips(x, windows, steps, padding="valid"):
    """Pools frame by frame, then over time.

    That is the same, but TensorFlow's 3D pooling has slow gradients on a CPU,
    and takes no float16 there.
    """
    _, time, height, width, channels = x.shape
    x = ops.reshape(x, (-1, height, width, channels))
    x = _pool_images(x, windows[1:], steps[1:], padding)
    _, *size, _ = x.shape
    x = ops.reshape(x, (-1, time, size[0] * size[1], channels))
    x = _pool_images(x, (windows[0], 1), (steps[0], 1), padding)
    return ops.reshape(x, (-1, x.shape[1], *size, channels))


@export
class CeilMaxPooling2D(_CeilMaxPooling):
    """Max-pools with windows that may hang over the bottom and right edge.

    Caffe and MatConvNet's converted networks round the number of windows up
    ("ceil mode"); `padding="same"` is not that, since it also gives odd sizes
    one window more and splits the padding.

    Args:
        pool_size: Integer, side of the window.
        strides: Integer, step of the window.

    Input shape:
        `(batch, height, width, channels)`.

    Output shape:
        `(batch, ceil((height - pool_size) / strides) + 1, ..., channels)`.
    """

    def __init__(self, pool_size=3, strides=2, **kwargs):
        super().__init__(pool_size, strides, **kwargs)


@export
class CeilMaxPooling3D(_CeilMaxPooling):
    """Max-pools clips with windows that may hang over the far edges.

    As `CeilMaxPooling2D`, with time as the first axis. Of maps that are never
    negative it is what zeros behind the edge and a plain pooling give.

    Args:
        pool_size: Integer, or (time, height, width) of the window.
        strides: Integer, or steps of the window along these.

    Input shape:
        `(batch, time, height, width, channels)`.

    Output shape:
        `(batch, ceil((time - pool_size) / strides) + 1, ..., channels)`.
    """

    def __init__(self, pool_size=2, strides=2, **kwargs):
        super().__init__(_plain(pool_size), _plain(strides), **kwargs)


@export
class SameMaxPooling3D(keras.layers.MaxPooling3D):
    """Max-pools clips with `"same"` padding, in any precision.

    What `keras.layers.MaxPooling3D` gives, but pooled frame by frame and then
    over time: TensorFlow's 3D pooling has slow gradients on a CPU, and takes
    no float16 there.

    Args:
        pool_size: Integer, or (time, height, width) of the window.
        strides: Integer, or steps of the window along these.

    Input shape:
        `(batch, time, height, width, channels)`.

    Output shape:
        `(batch, ceil(time / strides), ..., channels)`.
    """

    def __init__(self, pool_size=2, strides=2, **kwargs):
        # Keras's config has both, of which no others are allowed here.
        kwargs |= {"padding": "same", "data_format": "channels_last"}
        super().__init__(pool_size, strides, **kwargs)

    def call(self, inputs):
        return _pool_clips(inputs, self.pool_size, self.strides, "same")


def _plain(value):
    """Returns an integer as it is, anything else as a tuple."""
    return value if isinstance(value, int) else tuple(value)
