"""Initial kernels that make a fusion start as a weighted sum of streams."""

import keras
import numpy as np
from keras import ops

from keras_twostream.layers._base import export


@export
class IdentitySum(keras.initializers.Initializer):
    """Starts a fusing convolution as a weighted sum of the streams.

    The kernel `(*window, streams * channels, channels)` is one identity
    matrix per stream, times the stream's weight; over a window it is centred
    or, with `sigma`, blurred by a Gaussian that sums to 1. The paper starts
    conv fusion so, with weights 0.25 and 0.75 because activations of the
    temporal stream are about three times smaller (released code,
    `initMethod = '2sumAB'`), and 3D conv fusion with sigma 1.

    Args:
        stream_weights: Sequence of numbers, one per stream.
        sigma: Optional float, standard deviation of the blur in cells.
    """

    def __init__(self, stream_weights=(1.0, 1.0), sigma=None):
        self.stream_weights = tuple(stream_weights)
        self.sigma = sigma

    def __call__(self, shape, dtype=None):
        *window, inputs, outputs = shape
        if inputs != outputs * len(self.stream_weights):
            raise ValueError(
                f"IdentitySum needs streams of as many channels as the "
                f"result: {len(self.stream_weights)} x {outputs} in, "
                f"{outputs} out. Received: kernel shape {tuple(shape)}"
            )
        identity = np.eye(outputs, dtype="float32")
        stack = np.concatenate([w * identity for w in self.stream_weights])
        blur = np.ones((), "float32")
        for size in window:
            blur = np.multiply.outer(blur, self._profile(size))
        kernel = np.multiply.outer(blur, stack).astype("float32")
        return ops.cast(kernel, dtype or keras.backend.floatx())

    def _profile(self, size):
        """Returns the weights along one axis of the window."""
        offset = np.arange(size) - (size - 1) // 2
        if self.sigma is None:
            return (offset == 0).astype("float32")
        profile = np.exp(-((offset / self.sigma) ** 2) / 2)
        return profile / profile.sum()

    def get_config(self):
        return {"stream_weights": self.stream_weights, "sigma": self.sigma}
