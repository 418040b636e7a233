"""Convolution over time."""

import keras
from keras import ops

from keras_twostream.layers._base import export
from keras_twostream.layers._time import TimeLayer, count_windows


@export
class TemporalConv(TimeLayer):
    """Convolves a clip over time (Ng et al. 2015, time-domain convolution).

    Only whole windows of time count ("valid"); in space the map is padded by
    zeros to keep its size ("same").

    Args:
        filters: Integer, channels of the result.
        kernel_size: Triple (time, height, width) or integer. The defaults
            are the source's as it is remembered (256 filters of 10 frames and
            3x3 cells, every 5 frames); they are not checked against it.
        strides: Integer, frames from one window to the next.
        activation: Activation of the result.
        kernel_initializer: Any Keras initialiser.

    Input shape:
        `(batch, time, height, width, channels)`.

    Output shape:
        `(batch, (time - kernel time) // strides + 1, height, width, filters)`.

    Raises:
        ValueError: If a window is longer than the clip.
    """

    ranks = (5,)

    def __init__(
        self,
        filters=256,
        kernel_size=(10, 3, 3),
        strides=5,
        activation="relu",
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if isinstance(kernel_size, int):
            kernel_size = (kernel_size,) * 3
        self.filters, self.strides = filters, strides
        self.kernel_size = tuple(kernel_size)
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        super().build(input_shape)
        self._steps(input_shape[1])
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, input_shape[-1], self.filters),
            initializer=self.kernel_initializer,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.filters,), initializer="zeros", name="bias"
        )

    def _steps(self, frames):
        window = self.kernel_size[0]
        return count_windows("kernel_size", window, self.strides, frames)

    def call(self, inputs):
        # "Same" in space alone. A sum of 2D convolutions, one for each time
        # slice of the kernel, is the same and takes TensorFlow longer.
        edges = [((size - 1) // 2, size // 2) for size in self.kernel_size[1:]]
        y = ops.conv(
            ops.pad(inputs, [(0, 0), (0, 0), *edges, (0, 0)]),
            self.kernel,
            strides=(self.strides, 1, 1),
            padding="valid",
            data_format="channels_last",
        )
        return self.activation(y + self.bias)

    def compute_output_shape(self, input_shape):
        batch, time, *size, _ = input_shape
        return (batch, self._steps(time), *size, self.filters)

    def get_config(self):
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": initializer,
        }
