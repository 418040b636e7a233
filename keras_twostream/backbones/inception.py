"""The parts of I3D as rows: Inception's modules, inflated to clips.

Reference: Carreira and Zisserman, "Quo Vadis, Action Recognition? A New Model
and the Kinetics Dataset", CVPR 2017, and the definition of its released
networks: names of places and layers, "same" padding as TensorFlow has it,
batch normalisation without a scale and with an epsilon of 1e-3.
"""

from typing import NamedTuple

import keras

from keras_twostream.backbones.graph import MOMENTUM
from keras_twostream.layers.pooling import SameMaxPooling3D

EPSILON = 1e-3


class Unit(NamedTuple):
    """A cubic convolution, its normalisation and its ReLU."""

    name: str
    channels: int
    size: int = 1
    stride: int = 1

    def apply(self, x, stream):
        """Returns the map that it makes of a map."""
        name = f"{stream}_{self.name}"
        x = keras.layers.Conv3D(
            self.channels,
            self.size,
            self.stride,
            "same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{name}_conv",
        )(x)
        x = keras.layers.BatchNormalization(
            momentum=MOMENTUM, epsilon=EPSILON, scale=False, name=f"{name}_bn"
        )(x)
        return keras.layers.ReLU(name=name)(x)


class Pool(NamedTuple):
    """A maximum over time, height and width."""

    name: str
    size: tuple[int, int, int]
    strides: tuple[int, int, int]
    # It has as many channels as the map before it.
    channels: int | None = None

    @property
    def stride(self):
        """Factor by which it shrinks images."""
        return self.strides[-1]

    def apply(self, x, stream):
        """Returns the map that it makes of a map."""
        name = f"{stream}_{self.name}"
        return SameMaxPooling3D(self.size, self.strides, name=name)(x)


class Mixed(NamedTuple):
    """A module of four branches.

    Attributes:
        name: `Mixed_` and the number of the module.
        filters: Those of the 1x1x1 branch, of the reduction and the 3x3x3
            convolution of the second and of the third branch, and of the
            projection behind the pooling.
    """

    name: str
    filters: tuple[int, int, int, int, int, int]
    stride: int = 1

    @property
    def channels(self):
        """Channels of all branches together."""
        single, _, second, _, third, projected = self.filters
        return single + second + third + projected

    def apply(self, x, stream):
        """Returns the map that it makes of a map."""
        module = self.name.removeprefix("Mixed_")

        def unit(x, place, filters, size):
            name = f"Conv3d_{module}_{place}_{size}x{size}"
            return Unit(name, filters, size).apply(x, stream)

        single, reduced2, second, reduced3, third, projected = self.filters
        pool = Pool(f"MaxPool3d_{module}_3a_3x3", (3, 3, 3), (1, 1, 1))
        branches = [
            unit(x, "0a", single, 1),
            unit(unit(x, "1a", reduced2, 1), "1b", second, 3),
            unit(unit(x, "2a", reduced3, 1), "2b", third, 3),
            unit(pool.apply(x, stream), "3b", projected, 1),
        ]
        name = f"{stream}_{self.name}"
        return keras.layers.Concatenate(name=name)(branches)


TABLES: dict[str, tuple[Unit | Pool | Mixed, ...]] = {
    "i3d": (
        Unit("Conv3d_1a_7x7", 64, 7, 2),
        Pool("MaxPool3d_2a_3x3", (1, 3, 3), (1, 2, 2)),
        Unit("Conv3d_2b_1x1", 64),
        Unit("Conv3d_2c_3x3", 192, 3),
        Pool("MaxPool3d_3a_3x3", (1, 3, 3), (1, 2, 2)),
        Mixed("Mixed_3b", (64, 96, 128, 16, 32, 32)),
        Mixed("Mixed_3c", (128, 128, 192, 32, 96, 64)),
        Pool("MaxPool3d_4a_3x3", (3, 3, 3), (2, 2, 2)),
        Mixed("Mixed_4b", (192, 96, 208, 16, 48, 64)),
        Mixed("Mixed_4c", (160, 112, 224, 24, 64, 64)),
        Mixed("Mixed_4d", (128, 128, 256, 24, 64, 64)),
        Mixed("Mixed_4e", (112, 144, 288, 32, 64, 64)),
        Mixed("Mixed_4f", (256, 160, 320, 32, 128, 128)),
        Pool("MaxPool3d_5a_2x2", (2, 2, 2), (2, 2, 2)),
        Mixed("Mixed_5b", (256, 160, 320, 32, 128, 128)),
        Mixed("Mixed_5c", (384, 192, 384, 48, 128, 128)),
    ),
    # Not from the literature: few modules, small enough for tests and trials.
    "i3d_tiny": (
        Unit("Conv3d_1a_3x3", 8, 3, 2),
        Pool("MaxPool3d_2a_3x3", (1, 3, 3), (1, 2, 2)),
        Unit("Conv3d_2c_3x3", 16, 3),
        Pool("MaxPool3d_3a_3x3", (1, 3, 3), (1, 2, 2)),
        Pool("MaxPool3d_4a_3x3", (3, 3, 3), (2, 2, 2)),
        Mixed("Mixed_4f", (16, 8, 16, 4, 8, 8)),
        Pool("MaxPool3d_5a_2x2", (2, 2, 2), (2, 2, 2)),
        Mixed("Mixed_5c", (16, 8, 16, 4, 8, 8)),
    ),
}
