"""Fusions without parameters: sum, average, maximum, concatenation, bilinear.

Reference: Feichtenhofer, Pinz, Zisserman, "Convolutional Two-Stream Network
Fusion for Video Action Recognition", CVPR 2016, section 3.1.
"""

import math

import keras
from keras import ops

from keras_twostream.layers._base import Fusion, export


@export
class SumFusion(Fusion):
    """Adds the maps of all streams: `y = x_a + x_b` (eq. 1).

    Args:
        stream_weights: Optional sequence of numbers, one per stream, by which
            the maps are multiplied first.

    Input shape:
        List of equal shapes `(batch, [[time,] height, width,] channels)`.

    Output shape:
        The shape of one input.

    Example:

    >>> keras_twostream.layers.SumFusion()([np.ones((1, 2, 2, 3))] * 2).shape
    (1, 2, 2, 3)
    """

    def __init__(self, stream_weights=None, **kwargs):
        super().__init__(**kwargs)
        self.stream_weights = stream_weights and tuple(stream_weights)

    def build(self, input_shape):
        super().build(input_shape)
        weights = self.stream_weights
        if weights and len(weights) != len(input_shape):
            raise ValueError(
                f"stream_weights needs one number for each of the "
                f"{len(input_shape)} streams. Received: {weights}"
            )

    def call(self, inputs):
        if self.stream_weights:
            pairs = zip(inputs, self.stream_weights, strict=True)
            inputs = [x * weight for x, weight in pairs]
        return sum(inputs[1:], start=inputs[0])

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return super().get_config() | {"stream_weights": self.stream_weights}


@export
class AverageFusion(Fusion):
    """Averages the maps (or the class scores) of all streams.

    Averaged softmax scores rank classes as summed ones do (the paper's "Sum
    at softmax") and stay probabilities, which a loss can be put on.

    Input shape:
        List of equal shapes `(batch, [[time,] height, width,] channels)`.

    Output shape:
        The shape of one input.
    """

    def call(self, inputs):
        return sum(inputs[1:], start=inputs[0]) / len(inputs)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])


@export
class MaxFusion(Fusion):
    """Takes the largest value among the streams at each place (eq. 2).

    Input shape:
        List of equal shapes `(batch, [[time,] height, width,] channels)`.

    Output shape:
        The shape of one input.
    """

    def call(self, inputs):
        result = inputs[0]
        for x in inputs[1:]:
            result = ops.maximum(result, x)
        return result

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])


@export
class ConcatFusion(Fusion):
    """Stacks the channels of all streams, the first stream first (eq. 3).

    The paper's formula interleaves the channels; the order is irrelevant to
    the layer that learns on top, and the released code stacks them so.

    Input shape:
        List of shapes `(batch, [[time,] height, width,] channels)` that are
        equal but for the channels.

    Output shape:
        `(batch, [[time,] height, width,] sum of channels)`.
    """

    equal_channels = False

    def call(self, inputs):
        return ops.concatenate(inputs, axis=-1)

    def compute_output_shape(self, input_shape):
        channels = sum(shape[-1] for shape in input_shape)
        return (*input_shape[0][:-1], channels)


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

    def __init__(self, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs):
        a, b = (self._places(x) for x in inputs)
        y = ops.matmul(ops.swapaxes(a, 1, 2), b)
        y = ops.reshape(y, (-1, a.shape[-1] * b.shape[-1]))
        y = ops.sign(y) * ops.sqrt(ops.abs(y) + self.epsilon)
        norm = ops.sum(ops.square(y), axis=-1, keepdims=True)
        return ops.cast(
            y * ops.rsqrt(norm + self.epsilon), keras.backend.floatx()
        )

    def _places(self, x):
        """Returns `x` as float32 `(batch, places, channels)`."""
        places = math.prod(x.shape[1:-1])
        return ops.reshape(ops.cast(x, "float32"), (-1, places, x.shape[-1]))

    def compute_output_shape(self, input_shape):
        a, b = input_shape
        return (a[0], a[-1] * b[-1])

    def compute_output_spec(self, inputs):
        shape = self.compute_output_shape([x.shape for x in inputs])
        return keras.KerasTensor(shape, dtype=keras.backend.floatx())

    def get_config(self):
        return super().get_config() | {"epsilon": self.epsilon}
