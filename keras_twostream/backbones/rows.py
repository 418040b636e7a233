"""Networks that are plain sequences of layers, written as rows.

A row is (name, class of the layer, its arguments); the class is `None` where
the task decides: logits and scores. The generators here yield the rows that
come together in most networks, for images and, where sizes are triples of
(time, height, width), for clips.
"""

import itertools
from typing import NamedTuple

import keras

from keras_twostream.backbones.base import LOGITS, RGB_CHANNELS, SCORES, Stage
from keras_twostream.layers.pooling import (
    CeilMaxPooling2D,
    CeilMaxPooling3D,
    ceil_windows,
)

# Variance of the first kernels, times their inputs' number, where the input has
# the range of pixels: what He's 2 is for inputs of unit deviation.
PIXEL_GAIN = 2 / 64**2

# Layers of clips -> the same of images.
IMAGE_LAYERS = {
    keras.layers.Conv3D: keras.layers.Conv2D,
    keras.layers.ZeroPadding3D: keras.layers.ZeroPadding2D,
    CeilMaxPooling3D: CeilMaxPooling2D,
}
PADDINGS = (keras.layers.ZeroPadding2D, keras.layers.ZeroPadding3D)
CEIL_POOLINGS = (CeilMaxPooling2D, CeilMaxPooling3D)


class Table(NamedTuple):
    """A network as rows.

    Attributes:
        rows: Tuple of (name, layer, config), in order.
        convention: Row of `layers.preprocessing.CONVENTIONS`.
        absent_in_flow: Names of the layers that the flow stream lacks.
    """

    rows: tuple
    convention: str
    absent_in_flow: tuple[str, ...] = ()

    @property
    def clips(self):
        """Whether it is a network of clips (3D convolutions)."""
        return any(layer in IMAGE_LAYERS for _, layer, _ in self.rows)


def conv(name, filters, size, strides=1, padding=None, relu=None, gain=2.0):
    """Yields the rows of a convolution and its ReLU (called `relu`).

    Explicit `padding` in pixels is what the references have; Keras pads
    strided convolutions differently under `"same"`.
    """
    kind = _kind(keras.layers.Conv3D, size)
    if padding:
        pad = _kind(keras.layers.ZeroPadding3D, size)
        yield f"pad{name}", pad, {"padding": padding}
    config = {
        "filters": filters,
        "kernel_size": size,
        "strides": strides,
        "padding": "same" if padding is None else "valid",
        # As a config: an instance would start every layer alike.
        "kernel_initializer": {
            "class_name": "VarianceScaling",
            "config": {"scale": gain},
        },
    }
    yield f"conv{name}", kind, config
    yield f"relu{relu or name}", keras.layers.ReLU, {}


def block(number, count, filters, size, strides=1, gain=2.0):
    """Yields the rows of convolutions in a row, of which the first differs.

    The last ReLU of block 5 is called relu5, however many there are.
    """
    for i in range(1, count + 1):
        name = f"{number}_{i}" if count > 1 else f"{number}"
        relu = f"{number}" if i == count else name
        first = {"strides": strides, "gain": gain} if i == 1 else {}
        yield from conv(name, filters, size, relu=relu, **first)


def ceil_pool(name, size, strides=None):
    """Yields the row of a max pooling that keeps partly filled windows."""
    config = {"pool_size": size, "strides": strides or size}
    yield f"pool{name}", _kind(CeilMaxPooling3D, size), config


def head(units6, units7):
    """Yields the rows from the last map to the class scores."""
    yield "flatten", keras.layers.Flatten, {}
    yield from _dense(6, units6)
    yield from _dense(7, units7)
    yield LOGITS, None, {}
    yield SCORES, None, {}


def _dense(name, units):
    """Yields the rows of a dense layer, its ReLU and its dropout."""
    config = {"units": units, "kernel_initializer": "he_normal"}
    yield f"fc{name}", keras.layers.Dense, config
    yield f"relu{name}", keras.layers.ReLU, {}
    yield f"dropout{name}", keras.layers.Dropout, {}


def _kind(layer, size):
    """Returns the layer for clips, or for images if `size` is one number."""
    return IMAGE_LAYERS[layer] if isinstance(size, int) else layer


def stages(rows):
    """Yields the stage that each row ends."""
    stride, channels = 1, RGB_CHANNELS
    for name, layer, config in rows:
        stride = 0 if layer is keras.layers.Flatten else stride
        stride *= _along(config, "strides", -1)
        channels = config.get("filters", config.get("units", channels))
        yield Stage(name, stride, 0 if layer is None else channels)


def fits(rows, size, axis):
    """Returns whether `size` cells along an axis are enough for all rows.

    Args:
        rows: Rows to apply.
        size: Cells in front of them; `None`, unknown, is taken for enough.
        axis: -1 for the width, -2 for the height, -3 for time.
    """
    for row in rows if size is not None else ():
        size = cells(row, size, axis)
        if size < 1:
            return False
    return True


def least(rows, axis):
    """Returns the least size along an axis that is enough for all rows."""
    return next(n for n in itertools.count(1) if fits(rows, n, axis))


def cells(row, size, axis):
    """Returns how many cells along an axis a layer makes of `size`."""
    _, layer, config = row
    if layer in PADDINGS:
        return size + 2 * _along(config, "padding", axis)
    step = _along(config, "strides", axis)
    if config.get("padding") == "same":
        return -(-size // step)
    if layer in CEIL_POOLINGS:
        return ceil_windows(size, _along(config, "pool_size", axis), step)
    key = "pool_size" if "pool_size" in config else "kernel_size"
    return (size - _along(config, key, axis)) // step + 1


def _along(config, key, axis):
    """Returns an argument of a layer along one axis; 1 if it has none."""
    value = config.get(key, 1)
    return value if isinstance(value, int) else value[axis]
