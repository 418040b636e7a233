"""Streams that are not there, in training at random or in use.

A missing stream is replaced by what changes nothing about the others, the
fusion's neutral element: zeros where maps are added, ones where they are
multiplied, the others' own maximum or mean where those are taken.
"""

import keras
from keras import ops

from keras_twostream.layers._base import export
from keras_twostream.layers.neutral import check_neutral, replaced


@export
class StreamMask(keras.layers.Layer):
    """Draws for every sample of a training batch which streams are there.

    With a probability of `rate` one stream, each equally likely, is missing
    from a sample; never all. Outside of training all are there. `MaskStreams`
    applies the mask, one mask at every place where streams meet, so that a
    network learns to answer from what is left (cf. Neverova et al.,
    "ModDrop", TPAMI 2016).

    Args:
        rate: Float from 0 to 1, probability that a sample lacks a stream.
        streams: Integer, number of streams, two or more.
        seed: Optional integer to draw the same masks again.

    Input shape:
        Any `(batch, ...)`; only the size of the batch is read.

    Output shape:
        `(batch, streams)` of 0 and 1, in float32.

    Raises:
        ValueError: If the rate or the number of streams is out of range.
    """

    def __init__(self, rate, streams=2, seed=None, **kwargs):
        # Whether a stream is there must not depend on the precision.
        super().__init__(**(kwargs | {"dtype": "float32"}))
        if not 0 <= rate <= 1:
            raise ValueError(
                f"rate is a probability from 0 to 1. Received: {rate}"
            )
        if streams < 2:
            raise ValueError(
                f"streams must be 2 or more, for the only one cannot be "
                f"missing. Received: {streams}"
            )
        self.rate, self.streams, self.seed = rate, streams, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        batch = ops.shape(inputs)[0]
        if not training or not self.rate:
            return ops.ones((batch, self.streams), "float32")
        seed = self.seed_generator
        draws = keras.random.uniform((batch, 1), dtype="float32", seed=seed)
        which = keras.random.randint((batch,), 0, self.streams, seed=seed)
        chosen = ops.one_hot(which, self.streams, dtype="float32")
        return 1.0 - chosen * ops.cast(draws < self.rate, "float32")

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.streams)

    def get_config(self):
        return super().get_config() | {
            "rate": self.rate,
            "streams": self.streams,
            "seed": self.seed,
        }


class _Replacing(keras.layers.Layer):
    """Gives maps of which missing ones are replaced; see its subclasses."""

    def __init__(self, neutral="zeros", **kwargs):
        # Maps pass as they are: what precision a fusion has is its matter.
        super().__init__(**kwargs, autocast=False)
        check_neutral(neutral)
        self.neutral = neutral

    def compute_output_spec(self, inputs):
        shapes = self.compute_output_shape([x.shape for x in inputs])
        return [keras.KerasTensor(s, dtype=inputs[0].dtype) for s in shapes]

    def get_config(self):
        return super().get_config() | {"neutral": self.neutral}


@export
class MaskStreams(_Replacing):
    """Replaces the maps of missing streams, sample by sample.

    Args:
        neutral: What stands for a missing map, as the fusion that follows
            says (`Fusion.neutral`): `"zeros"`, `"ones"`, or the `"max"` or
            `"mean"` of the streams that are there.
        frames: Integer, time steps of each sample that are folded into the
            batch of the maps.
        fused: Whether the first map has received the other streams before.
            It is made of whatever is there, and never missing.

    Input shape:
        List of maps `(batch * frames, ...)`, one per stream, and the mask
        `(batch, streams)` of `StreamMask`. At least one stream of a sample
        has to be there.

    Output shape:
        List of the maps' shapes.
    """

    def __init__(self, neutral="zeros", frames=1, fused=False, **kwargs):
        super().__init__(neutral, **kwargs)
        self.frames, self.fused = frames, fused

    def call(self, inputs):
        *maps, mask = inputs
        if self.frames > 1:
            mask = ops.repeat(mask, self.frames, axis=0)
        there = [self._flag(mask, i, x) for i, x in enumerate(maps)]
        if self.fused:
            there[0] = ops.ones_like(there[0])
        return replaced(maps, there, self.neutral)

    @staticmethod
    def _flag(mask, stream, x):
        """Returns whether a stream is there, for every sample of its map."""
        return ops.reshape(mask[:, stream], (-1, *[1] * (len(x.shape) - 1))) > 0

    def compute_output_shape(self, input_shape):
        return [tuple(shape) for shape in input_shape[:-1]]

    def get_config(self):
        return super().get_config() | {
            "frames": self.frames,
            "fused": self.fused,
        }


@export
class FillStreams(_Replacing):
    """Puts neutral maps in the place of streams that a network has not.

    Args:
        neutral: What stands for a missing map, see `MaskStreams`.
        shapes: Sequence with one entry per stream, in the order of the
            fusion: `None` for a stream that is there, and the shape of the
            map without its batch axis for one that is missing. Sizes of
            `None` in a shape are those of the first map that is there.

    Input shape:
        List of maps `(batch, ...)`, those that are there.

    Output shape:
        List of maps `(batch, ...)`, those of all streams.

    Raises:
        ValueError: If the maps are more or fewer than `shapes` has room for.
    """

    def __init__(self, neutral="zeros", shapes=(None,), **kwargs):
        super().__init__(neutral, **kwargs)
        self.shapes = tuple(shape and tuple(shape) for shape in shapes)

    def build(self, input_shape):
        if (room := self.shapes.count(None)) != len(input_shape):
            raise ValueError(
                f"{self.name} has room for {room} maps. "
                f"Received: {len(input_shape)}"
            )
        super().build(input_shape)

    def call(self, inputs):
        shapes = self.compute_output_shape([ops.shape(x) for x in inputs])
        there, rest = [shape is None for shape in self.shapes], iter(inputs)
        maps = [
            next(rest) if here else ops.zeros(shape, inputs[0].dtype)
            for here, shape in zip(there, shapes, strict=True)
        ]
        return replaced(maps, there, self.neutral)

    def compute_output_shape(self, input_shape):
        batch, *sizes = input_shape[0]
        there = iter(input_shape)
        return [
            tuple(next(there))
            if shape is None
            else (batch, *(a or b for a, b in zip(shape, sizes, strict=True)))
            for shape in self.shapes
        ]

    def get_config(self):
        return super().get_config() | {"shapes": self.shapes}
