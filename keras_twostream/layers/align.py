"""Makes maps of unequal resolution equal before they are fused."""

import keras
from keras import ops

from keras_twostream.layers._base import export

MODES = ("pad", "resize")


@export
class AlignResolution(keras.layers.Layer):
    """Brings the maps of all streams to one resolution.

    Args:
        mode: `"pad"` adds zeros at the bottom and the right up to the largest
            height and width, as the released code does to fuse VGG-M's 13x13
            maps with VGG-16's 14x14; `"resize"` resizes all maps to the
            first one's resolution, bilinearly.

    Input shape:
        List of shapes `(batch, [time,] height, width, channels)`.

    Output shape:
        List of shapes with equal height and width.
    """

    def __init__(self, mode="pad", **kwargs):
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(f"mode must be one of {MODES}. Received: {mode}")
        self.mode = mode

    def _size(self, shapes):
        if self.mode == "resize":
            return tuple(shapes[0][-3:-1])
        return tuple(max(s[axis] for s in shapes) for axis in (-3, -2))

    def call(self, inputs):
        size = self._size([x.shape for x in inputs])
        change = self._pad if self.mode == "pad" else self._resize
        return [
            x if tuple(x.shape[-3:-1]) == size else change(x, size)
            for x in inputs
        ]

    def _pad(self, x, size):
        bottom, right = size[0] - x.shape[-3], size[1] - x.shape[-2]
        leading = [(0, 0)] * (len(x.shape) - 3)
        return ops.pad(x, [*leading, (0, bottom), (0, right), (0, 0)])

    def _resize(self, x, size):
        *time, height, width, channels = x.shape[1:]
        folded = ops.reshape(x, (-1, height, width, channels))
        resized = ops.image.resize(folded, size, data_format="channels_last")
        return ops.reshape(resized, (-1, *time, *size, channels))

    def compute_output_shape(self, input_shape):
        size = self._size(input_shape)
        return [(*shape[:-3], *size, shape[-1]) for shape in input_shape]

    def get_config(self):
        return super().get_config() | {"mode": self.mode}
