"""Fusions that learn how streams correspond: 1x1 and 3D convolution."""

import keras
from keras import ops

from keras_twostream.layers._base import Fusion, export
from keras_twostream.layers.initializers import IdentitySum

# Weights of the two identities in the released code (`2sumAB`).
PAPER_WEIGHTS = (0.25, 0.75)


class _LearntFusion(Fusion):
    """Convolves the stacked channels of all streams; see its subclasses."""

    equal_channels = False

    def __init__(
        self,
        filters=None,
        activation="relu",
        kernel_initializer="identity_sum",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = self._initializer(kernel_initializer)

    def build(self, input_shape):
        super().build(input_shape)
        channels = [shape[-1] for shape in input_shape]
        filters = self.filters or channels[0]
        initializer = self.kernel_initializer
        if initializer is None:
            weights = (
                PAPER_WEIGHTS if len(channels) == 2 else [1] * len(channels)
            )
            initializer = IdentitySum(weights, self.sigma, channels)
        self.kernel = self.add_weight(
            shape=(*self.kernel_size, sum(channels), filters),
            initializer=initializer,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(filters,), initializer="zeros", name="bias"
        )

    @staticmethod
    def _initializer(identifier):
        # The default depends on the number of streams, known in `build`.
        if identifier == "identity_sum":
            return None
        return keras.initializers.get(identifier)

    def stream_kernels(self, channels):
        """Returns the kernel's part for every stream.

        Args:
            channels: List of the channels of every stream.
        """
        ends = [sum(channels[: i + 1]) for i in range(len(channels) - 1)]
        return ops.split(self.kernel, ends, axis=-2)

    def stream_norms(self, channels):
        """Returns the Frobenius norm of the kernel's part for each stream."""
        kernels = self.stream_kernels(channels)
        return [ops.sqrt(ops.sum(ops.square(kernel))) for kernel in kernels]

    def contributions(self, inputs):
        """Returns what each stream adds, in front of bias and activation."""
        kernels = self.stream_kernels([x.shape[-1] for x in inputs])
        pairs = zip(inputs, kernels, strict=True)
        return [self._product(x, kernel) for x, kernel in pairs]

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], self.filters or input_shape[0][-1])

    def get_config(self):
        initializer = self.kernel_initializer
        return super().get_config() | {
            "filters": self.filters,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": "identity_sum"
            if initializer is None
            else keras.initializers.serialize(initializer),
        }


@export
class ConvFusion(_LearntFusion):
    """Merges streams by a 1x1 convolution of their stacked channels (eq. 4).

    Args:
        filters: Integer, channels of the result; by default those of the
            first stream.
        activation: Activation of the result. The released code puts a ReLU
            after every inserted convolution; `None` is eq. 4 as printed.
        kernel_initializer: `"identity_sum"` starts as the weighted sum of the
            streams, 0.25 and 0.75 for two streams as in the paper and 1 for
            each of several; or any Keras initialiser, among them
            `IdentitySum((1, 1))` and `"glorot_uniform"`. A stream of other
            channels than the result's starts with Glorot's weights.

    Input shape:
        List of shapes `(batch, [[time,] height, width,] channels)`, equal
        but for the channels.

    Output shape:
        The first input's, with `filters` channels.

    Example:

    >>> keras_twostream.layers.ConvFusion()([np.ones((1, 2, 2, 3))] * 2).shape
    (1, 2, 2, 3)
    """

    sigma = None
    kernel_size = ()
    _product = staticmethod(ops.matmul)

    def call(self, inputs):
        # One product per stream is the product of the stacked channels
        # without a copy of both maps.
        sizes = [x.shape[-1] for x in inputs]
        ends = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
        kernels = ops.split(self.kernel, ends, axis=0)
        products = map(ops.matmul, inputs, kernels)
        return self.activation(sum(products, start=self.bias))


@export
class Conv3DFusion(_LearntFusion):
    """Merges streams by a 3x3x3 convolution over time and space (eq. 6).

    Arguments are those of `ConvFusion`; the identities are blurred by a
    Gaussian of standard deviation 1 that sums to 1, as in the released code.

    Input shape:
        List of shapes `(batch, time, height, width, channels)`, equal but
        for the channels.

    Output shape:
        The first input's, with `filters` channels.
    """

    ranks = (5,)
    sigma = 1.0
    kernel_size = (3, 3, 3)

    def call(self, inputs):
        stacked = ops.concatenate(inputs, axis=-1)
        y = ops.conv(
            stacked, self.kernel, padding="same", data_format="channels_last"
        )
        return self.activation(y + self.bias)

    @staticmethod
    def _product(x, kernel):
        return ops.conv(x, kernel, padding="same", data_format="channels_last")
