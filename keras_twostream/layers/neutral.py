"""What stands for a stream that is missing where streams are fused."""

from functools import reduce

import keras
from keras import ops

from keras_twostream.layers._base import Fusion

# What may stand for a missing map.
NEUTRALS = ("zeros", "ones", "max", "mean")

# Keras's own layers that merge maps -> their neutral element.
KERAS_MERGES = {
    keras.layers.Add: "zeros",
    keras.layers.Average: "mean",
    keras.layers.Concatenate: "zeros",
    keras.layers.Maximum: "max",
    keras.layers.Multiply: "ones",
}


def neutral_of(layer):
    """Returns what stands for a missing stream of a layer that merges maps.

    Args:
        layer: A `Fusion`, a layer with an attribute `neutral` of its own, or
            one of Keras's merging layers.

    Raises:
        ValueError: If the layer does not say.
    """
    neutral = getattr(layer, "neutral", None) or KERAS_MERGES.get(type(layer))
    if neutral not in NEUTRALS:
        raise ValueError(
            f"{layer.name} merges streams, and what stands for a missing one "
            f"is not known: give {type(layer).__name__} an attribute neutral, "
            f"one of {NEUTRALS}, as {Fusion.__name__} has. "
            f"Received: {neutral!r}"
        )
    return neutral


def check_neutral(neutral):
    """Raises `ValueError` unless it is one of `NEUTRALS`."""
    if neutral not in NEUTRALS:
        raise ValueError(
            f"neutral must be one of {NEUTRALS}. Received: {neutral!r}"
        )


def replaced(maps, there, neutral):
    """Returns maps, with the neutral element where they are not there.

    Args:
        maps: List of tensors.
        there: List of booleans that broadcast to the maps.
        neutral: One of `NEUTRALS`.
    """

    def keep(fill):
        pairs = zip(maps, there, strict=True)
        return [ops.where(t, x, ops.cast(fill, x.dtype)) for x, t in pairs]

    if neutral == "max":
        return keep(reduce(ops.maximum, keep(float("-inf"))))
    if neutral == "mean":
        count = sum(ops.cast(t, maps[0].dtype) for t in there)
        return keep(sum(keep(0.0)) / ops.maximum(count, 1))
    return keep(float(neutral == "ones"))
