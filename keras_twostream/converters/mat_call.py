"""What a layer of MatConvNet is applied to, and what it is told."""

from typing import NamedTuple

import keras
import numpy as np

from keras_twostream import layers
from keras_twostream.converters.mat_graph import Node


class Value(NamedTuple):
    """What a variable of the source is in Keras.

    Attributes:
        x: Keras tensor `(batch [* frames], [height, width,] channels)`.
        streams: Inputs that it depends on.
        frames: Time steps that are folded into the batch, `None` without.
    """

    x: keras.KerasTensor
    streams: frozenset[str]
    frames: int | None = None

    def unfolded(self, label):
        """Returns the tensor with time as an axis."""
        if self.frames is None:
            raise ValueError("it needs clips, and how many frames they have")
        name = f"{label}_unfold"
        return layers.UnfoldTime(self.frames, name=name)(self.x)

    def folded(self, x, label):
        """Returns the value of a tensor that has time as an axis."""
        folded = layers.FoldTime(name=f"{label}_fold")(x)
        return self._replace(x=folded, frames=x.shape[1])


class Call(NamedTuple):
    """A layer of the source that is about to be applied.

    Attributes:
        node: The layer.
        label: What it is to be called in Keras.
        values: `Value` of each input.
        arrays: Dict of label -> weights, to which its own are added.
    """

    node: Node
    label: str
    values: tuple[Value, ...]
    arrays: dict[str, list[np.ndarray]]

    @property
    def x(self):
        """The tensor of the first input."""
        return self.values[0].x

    def put(self, layer, x=None):
        """Returns the first value after a layer of Keras."""
        x = self.x if x is None else x
        return self.values[0]._replace(x=layer(x))

    def spread(self, name, count, default):
        """Returns a setting as integers, in full where the file has fewer.

        One number is meant for all; half as many as there are, each for both
        sides of an axis.

        Raises:
            ValueError: If there are as many as mean nothing.
        """
        found = [int(n) for n in self.node.numbers(name, default)]
        if len(found) in (1, count):
            return tuple(found * (count // len(found)))
        if name == "pad" and 2 * len(found) == count:
            return tuple(n for n in found for _ in range(2))
        raise ValueError(
            f"its {name} must be {count} numbers. Received: {found}"
        )
