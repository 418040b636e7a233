"""Bilinear features: sums of outer products over all places."""

import math

import keras
from keras import ops

from keras_twostream.layers._base import Fusion, export
from keras_twostream.layers._time import TimeLayer


@export
class BilinearFusion(Fusion):
    """Sums outer products of two streams over all places (eq. 5).

    The sum is followed by a signed square root and L2 normalisation (Lin,
    RoyChowdhury, Maji, "Bilinear CNN Models", ICCV 2015). Everything is
    computed in float32, whatever the layer's dtype: sums over thousands of
    products overflow float16.

    Args:
        epsilon: Float, added under the square roots, whose gradient is
            infinite at zero; activations after a ReLU are often zero.

    Input shape:
        List of two shapes `(batch, [time,] height, width, channels)` that
        are equal but for the channels.

    Output shape:
        `(batch, channels_a * channels_b)`.
    """

    ranks = (4, 5)
    max_streams = 2
    equal_channels = False
    neutral = "ones"

    def __init__(self, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs):
        a, b = inputs
        return _bilinear(a, b, self.epsilon)

    def compute_output_shape(self, input_shape):
        a, b = input_shape
        return (a[0], a[-1] * b[-1])

    def compute_output_spec(self, inputs):
        shape = self.compute_output_shape([x.shape for x in inputs])
        return keras.KerasTensor(shape, dtype=keras.backend.floatx())

    def get_config(self):
        return super().get_config() | {"epsilon": self.epsilon}


@export
class BilinearPooling(TimeLayer):
    """Sums a map's outer products with itself over all places and frames.

    The features of Lin, RoyChowdhury, Maji, "Bilinear CNN Models", ICCV 2015,
    for one network: like `BilinearFusion` of a map with itself, followed by a
    signed square root and L2 normalisation, in float32. The order of the
    frames is forgotten, and time ends if there is any.

    Args:
        epsilon: Float, added under the square roots, whose gradient is
            infinite at zero.

    Input shape:
        `(batch, [time,] height, width, channels)`.

    Output shape:
        `(batch, channels * channels)`.
    """

    ranks = (4, 5)
    needs_time = False

    def __init__(self, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs):
        return _bilinear(inputs, inputs, self.epsilon)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1] ** 2)

    def compute_output_spec(self, inputs):
        shape = self.compute_output_shape(inputs.shape)
        return keras.KerasTensor(shape, dtype=keras.backend.floatx())

    def get_config(self):
        return super().get_config() | {"epsilon": self.epsilon}


def _bilinear(a, b, epsilon):
    """Returns the normalised sum of outer products, in float32."""
    a, b = _places(a), _places(b)
    y = ops.matmul(ops.swapaxes(a, 1, 2), b)
    y = ops.reshape(y, (-1, a.shape[-1] * b.shape[-1]))
    y = ops.sign(y) * ops.sqrt(ops.abs(y) + epsilon)
    norm = ops.sum(ops.square(y), axis=-1, keepdims=True)
    return ops.cast(y * ops.rsqrt(norm + epsilon), keras.backend.floatx())


def _places(x):
    """Returns `x` as float32 `(batch, places, channels)`."""
    places = math.prod(x.shape[1:-1])
    return ops.reshape(ops.cast(x, "float32"), (-1, places, x.shape[-1]))
