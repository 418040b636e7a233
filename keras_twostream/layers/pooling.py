"""Max pooling that keeps the last, partly filled window."""

import keras
from keras import ops

from keras_twostream.layers._base import export


@export
class CeilMaxPooling2D(keras.layers.Layer):
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
        super().__init__(**kwargs)
        self.pool_size, self.strides = pool_size, strides

    def build(self, input_shape):
        sizes = input_shape[1:3]
        if any(n + self._overhang(n) < self.pool_size for n in sizes):
            raise ValueError(
                f"Maps are too small for windows of {self.pool_size}; use "
                f"larger images. Received: {sizes[0]}x{sizes[1]} cells"
            )
        super().build(input_shape)

    def _overhang(self, size):
        """Returns how many cells the last window lacks."""
        missing = -(size - self.pool_size) % self.strides
        # A window must not begin beyond the edge.
        return missing if missing < self.pool_size else 0

    def call(self, inputs):
        missing = [self._overhang(size) for size in inputs.shape[1:3]]
        if any(missing):
            padding = [(0, 0), *((0, cells) for cells in missing), (0, 0)]
            inputs = ops.pad(inputs, padding, constant_values=-float("inf"))
        return ops.max_pool(
            inputs, self.pool_size, self.strides, data_format="channels_last"
        )

    def compute_output_shape(self, input_shape):
        batch, *size, channels = input_shape
        count = [
            (n + self._overhang(n) - self.pool_size) // self.strides + 1
            for n in size
        ]
        return (batch, *count, channels)

    def get_config(self):
        own = {"pool_size": self.pool_size, "strides": self.strides}
        return super().get_config() | own
