"""Fusions without parameters: sum, average, maximum, concatenation.

Reference: Feichtenhofer, Pinz, Zisserman, "Convolutional Two-Stream Network
Fusion for Video Action Recognition", CVPR 2016, section 3.1.
"""

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

    def stream_norms(self, channels):
        return [abs(w) for w in self.stream_weights or (1.0,) * len(channels)]

    def contributions(self, inputs):
        norms = self.stream_norms([x.shape[-1] for x in inputs])
        return [x * norm for x, norm in zip(inputs, norms, strict=True)]

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

    neutral = "mean"

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

    neutral = "max"

    def call(self, inputs):
        result = inputs[0]
        for x in inputs[1:]:
            result = ops.maximum(result, x)
        return result

    def contributions(self, inputs):
        """Returns 1 where a stream wins; a tie of some is shared by them.

        Places where all streams are equal, as zeros after a ReLU, are nobody's.
        """
        top = self.call(inputs)
        wins = [ops.cast(x == top, "float32") for x in inputs]
        winners = sum(wins)
        decided = ops.cast(winners < len(inputs), "float32")
        return [win * decided / winners for win in wins]

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
