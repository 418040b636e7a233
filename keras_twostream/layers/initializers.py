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
        channels: Optional sequence, channels of every stream, if they differ.
            A stream of other channels than the result's has no identity; its
            part is drawn by Glorot and Bengio's rule instead.
    """

    def __init__(self, stream_weights=(1.0, 1.0), sigma=None, channels=None):
        self.stream_weights = tuple(stream_weights)
        self.sigma = sigma
        self.channels = channels and tuple(channels)

    def __call__(self, shape, dtype=None):
        *window, inputs, outputs = shape
        streams = len(self.stream_weights)
        channels = self.channels or (outputs,) * streams
        if inputs != sum(channels) or len(channels) != streams:
            raise ValueError(
                f"IdentitySum needs streams of as many channels as the "
                f"result, or their channels: {streams} x {outputs} in, "
                f"{outputs} out. Received: kernel shape {tuple(shape)}, "
                f"channels={self.channels}"
            )
        blur = np.ones((), "float32")
        for size in window:
            blur = np.multiply.outer(blur, self._profile(size))
        pairs = zip(self.stream_weights, channels, strict=True)
        stack = ops.concatenate([w * _part(c, outputs) for w, c in pairs])
        blur = ops.convert_to_tensor(blur[..., None, None], "float32")
        kernel = blur * stack
        return ops.cast(kernel, dtype or keras.backend.floatx())

    def _profile(self, size):
        """Returns the weights along one axis of the window."""
        offset = np.arange(size) - (size - 1) // 2
        if self.sigma is None:
            return (offset == 0).astype("float32")
        profile = np.exp(-((offset / self.sigma) ** 2) / 2)
        return profile / profile.sum()

    def get_config(self):
        return {
            "stream_weights": self.stream_weights,
            "sigma": self.sigma,
            "channels": self.channels,
        }


def _part(inputs, outputs):
    """Returns what a stream of weight 1 adds, `(inputs, outputs)`."""
    if inputs == outputs:
        return ops.eye(outputs, dtype="float32")
    return keras.initializers.GlorotUniform()((inputs, outputs), "float32")
