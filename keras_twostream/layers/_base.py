"""What all layers of this package share."""

import keras
from keras import ops

export = keras.saving.register_keras_serializable(package="keras_twostream")

RANKS = {2: "vectors", 4: "image maps", 5: "clip maps"}


class Fusion(keras.layers.Layer):
    """Merges the feature maps of two or more streams, place by place.

    Subclasses implement `call` and `compute_output_shape`.

    Input shape:
        List of tensors `(batch, [[time,] height, width,] channels)`.

    Attributes:
        ranks: Ranks of the maps that it merges.
        max_streams: How many it merges at most, `None` for any number.
        equal_channels: Whether the maps must have equal channels.
        neutral: What stands for the map of a missing stream and changes
            nothing about the others: `"zeros"`, `"ones"`, or the `"max"` or
            `"mean"` of the other streams.
    """

    ranks = tuple(RANKS)
    max_streams: int | None = None
    equal_channels = True
    neutral = "zeros"

    def build(self, input_shape):
        check_streams(self, input_shape)
        super().build(input_shape)

    def stream_norms(self, channels):
        """Returns how strongly the layer's weights take up each stream.

        Args:
            channels: List of the channels of every stream.

        Returns:
            List of scalars; all the same if no weight tells streams apart.
        """
        return [1.0 for _ in channels]

    def contributions(self, inputs):
        """Returns what every stream brings to the fused map.

        Args:
            inputs: List of float32 maps, the layer's input.

        Returns:
            List of maps, one per stream, by default the inputs. Their mean
            absolute values tell how much each stream is used.
        """
        return [ops.convert_to_tensor(x) for x in inputs]


def check_streams(layer, shapes):
    """Raises `ValueError` unless `layer` can merge maps of these shapes."""
    name = type(layer).__name__
    if not isinstance(shapes, (list, tuple)) or not all(
        isinstance(shape, (list, tuple)) for shape in shapes
    ):
        raise ValueError(
            f"{name} merges a list of tensors. Received: shape {shapes}"
        )
    limit = layer.max_streams
    if len(shapes) < 2 or (limit and len(shapes) > limit):
        wanted = f"exactly {limit}" if limit else "two or more"
        raise ValueError(
            f"{name} merges {wanted} streams. Received: {len(shapes)}"
        )
    if len(shapes[0]) not in layer.ranks:
        allowed = " or ".join(f"{RANKS[r]} ({r}-D)" for r in layer.ranks)
        raise ValueError(
            f"{name} merges {allowed}. Received: shapes {list(shapes)}"
        )
    end = None if layer.equal_channels else -1
    if len({tuple(shape[1:end]) for shape in shapes}) > 1:
        what = "shapes" if layer.equal_channels else "resolutions"
        raise ValueError(
            f"{name} merges maps of equal {what}; `AlignResolution` pads or "
            f"resizes unequal ones. Received: shapes {list(shapes)}"
        )
