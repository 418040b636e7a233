"""Local response normalisation across channels."""

import keras
import numpy as np
from keras import ops

from keras_twostream.layers._base import export


@export
class LocalResponseNormalization(keras.layers.Layer):
    """Divides each value by the energy of its neighbouring channels.

    `y = x * (kappa + alpha * sum(x_q^2)) ** -beta` over the `size` channels
    around each one: the numbers mean what MatConvNet's `[N kappa alpha beta]`
    means. Caffe and PyTorch divide their alpha by N, TensorFlow's
    `depth_radius` is `(N - 1) / 2`. Computed in float32.

    Args:
        size: Odd integer, number of channels in the sum.
        kappa: Float, keeps the divisor away from zero.
        alpha: Float, weight of the sum.
        beta: Float, exponent.

    Input shape:
        `(batch, ..., channels)`.

    Output shape:
        The same.
    """

    def __init__(self, size=5, kappa=2.0, alpha=1e-4, beta=0.75, **kwargs):
        super().__init__(**kwargs)
        if size < 1 or size % 2 == 0:
            raise ValueError(f"size must be odd. Received: size={size}")
        self.size, self.kappa = size, kappa
        self.alpha, self.beta = alpha, beta

    def build(self, input_shape):
        channels = np.arange(input_shape[-1])
        distance = np.abs(channels[:, None] - channels)
        self.neighbours = (distance <= self.size // 2) * self.alpha
        super().build(input_shape)

    def call(self, inputs):
        x = ops.cast(inputs, "float32")
        band = ops.convert_to_tensor(self.neighbours, "float32")
        energy = self.kappa + ops.matmul(ops.square(x), band)
        return ops.cast(x * self._power(energy), inputs.dtype)

    def _power(self, energy):
        """Returns `energy ** -beta`; roots are faster than powers."""
        if self.beta == 0.75:
            root = ops.rsqrt(energy)
            return root * ops.sqrt(root)
        return ops.power(energy, -self.beta)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        own = ("size", "kappa", "alpha", "beta")
        return super().get_config() | {key: getattr(self, key) for key in own}
