"""Layers that move time into the batch and out of it again."""

import keras
from keras import ops

from keras_twostream.layers._base import export


@export
class FoldTime(keras.layers.Layer):
    """Moves time into the batch, so that image layers see single frames.

    Input shape:
        `(batch, time, ...)`.

    Output shape:
        `(batch * time, ...)`.
    """

    def call(self, inputs):
        return ops.reshape(inputs, (-1, *inputs.shape[2:]))

    def compute_output_shape(self, input_shape):
        batch, time, *rest = input_shape
        return (batch and batch * time, *rest)


@export
class UnfoldTime(keras.layers.Layer):
    """Moves time out of the batch again; the inverse of `FoldTime`.

    Args:
        frames: Integer, frames per clip.

    Input shape:
        `(batch * frames, ...)`.

    Output shape:
        `(batch, frames, ...)`.
    """

    def __init__(self, frames, **kwargs):
        super().__init__(**kwargs)
        self.frames = frames

    def call(self, inputs):
        return ops.reshape(inputs, (-1, self.frames, *inputs.shape[1:]))

    def compute_output_shape(self, input_shape):
        batch, *rest = input_shape
        return (batch and batch // self.frames, self.frames, *rest)

    def get_config(self):
        return super().get_config() | {"frames": self.frames}
