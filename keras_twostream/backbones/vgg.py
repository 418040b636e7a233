"""VGG networks as tables, layer by layer as their references have them.

References: Chatfield et al., "Return of the Devil in the Details", BMVC 2014
(VGG-M-2048); Simonyan and Zisserman, "Very Deep Convolutional Networks",
ICLR 2015 (VGG-16) and "Two-Stream Convolutional Networks", NIPS 2014 (the
temporal VGG-M has no second normalisation).
"""

import keras

from keras_twostream.backbones.base import LOGITS, SCORES, Backbone, Stage
from keras_twostream.layers import CeilMaxPooling2D, LocalResponseNormalization

# Variance of the first kernels, times their inputs' number, where the input has
# the range of pixels: what He's 2 is for inputs of unit deviation.
PIXEL_GAIN = 2 / 64**2


def _conv(name, filters, size, strides=1, padding=None, relu=None, gain=2.0):
    """Yields the rows of a convolution and its ReLU (called `relu`).

    Explicit `padding` in pixels is what the references have; Keras pads
    strided convolutions differently under `"same"`.
    """
    if padding:
        yield f"pad{name}", keras.layers.ZeroPadding2D, {"padding": padding}
    yield (
        f"conv{name}",
        keras.layers.Conv2D,
        {
            "filters": filters,
            "kernel_size": size,
            "strides": strides,
            "padding": "same" if padding is None else "valid",
            # As a config: an instance would start every layer alike.
            "kernel_initializer": {
                "class_name": "VarianceScaling",
                "config": {"scale": gain},
            },
        },
    )
    yield f"relu{relu or name}", keras.layers.ReLU, {}


def _dense(name, units):
    """Yields the rows of a dense layer, its ReLU and its dropout."""
    config = {"units": units, "kernel_initializer": "he_normal"}
    yield f"fc{name}", keras.layers.Dense, config
    yield f"relu{name}", keras.layers.ReLU, {}
    yield f"dropout{name}", keras.layers.Dropout, {}


def _head(units6, units7):
    """Yields the rows from the last map to the class scores."""
    yield "flatten", keras.layers.Flatten, {}
    yield from _dense(6, units6)
    yield from _dense(7, units7)
    yield LOGITS, None, {}
    yield SCORES, None, {}


def _vgg_m_2048():
    pool = {"pool_size": 3, "strides": 2}
    yield from _conv("1", 96, 7, 2, padding=0, gain=PIXEL_GAIN)
    yield "norm1", LocalResponseNormalization, {}
    yield "pool1", CeilMaxPooling2D, pool
    yield from _conv("2", 256, 5, strides=2, padding=1)
    yield "norm2", LocalResponseNormalization, {}
    yield "pool2", CeilMaxPooling2D, pool
    for name in ("3", "4", "5"):
        yield from _conv(name, 512, 3)
    yield "pool5", CeilMaxPooling2D, pool
    yield from _head(4096, 2048)


def _vgg(blocks, units6, units7):
    """Yields blocks of 3x3 convolutions, each halved by 2x2 max pooling."""
    pool = {"pool_size": 2, "strides": 2}
    for block, (count, filters) in enumerate(blocks, start=1):
        for i in range(1, count + 1):
            # The last ReLU of block 5 is called relu5, in every VGG.
            name = f"{block}_{i}" if count > 1 else f"{block}"
            relu = f"{block}" if i == count else name
            gain = PIXEL_GAIN if name == "1_1" else 2.0
            yield from _conv(name, filters, 3, relu=relu, gain=gain)
        yield f"pool{block}", keras.layers.MaxPooling2D, pool
    yield from _head(units6, units7)


def _vgg_tiny():
    pool = {"pool_size": 2, "strides": 2}
    yield from _conv("1", 16, 3, strides=2)
    yield "pool1", keras.layers.MaxPooling2D, pool
    yield from _conv("2", 32, 3)
    yield "pool2", keras.layers.MaxPooling2D, pool
    for name in ("3", "4", "5"):
        yield from _conv(name, 32, 3)
    yield "pool5", keras.layers.MaxPooling2D, pool
    yield from _head(64, 64)


VGG_16 = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))

# Name -> (rows, input convention, layers that the flow stream lacks).
TABLES = {
    "vgg_m_2048": (tuple(_vgg_m_2048()), "mean", ("norm2",)),
    # Not from the literature: small enough to learn in a minute on a CPU.
    "vgg_tiny": (tuple(_vgg_tiny()), "unit", ()),
    "vgg16": (tuple(_vgg(VGG_16, 4096, 4096)), "mean", ()),
}


# Name -> Keras's constructor of the same network with published weights.
PUBLISHED = {"vgg16": keras.applications.VGG16}


class TableBackbone(Backbone):
    """A network that is a plain sequence of layers, given as a table.

    Args:
        name: Name of a row of `TABLES`.
        weights: `None`, or `"imagenet"` for Keras's published weights.
    """

    def __init__(self, name, weights=None):
        self.name = self.source = name
        self.weights = weights
        self.rows, self.convention, self.absent_in_flow = TABLES[name]
        self.stages = {stage.name: stage for stage in _stages(self.rows)}
        # A dense layer is fused after its rectification, as a map is.
        self.aliases = {f"fc{i}": f"relu{i}" for i in (6, 7)}
        for name in self.stages:
            # `relu5_3`, as VGG-16's own papers call the end of a block.
            own = name.replace("conv", "relu")
            if name.startswith("conv") and own not in self.stages:
                self.aliases[own] = own.partition("_")[0]

    def initial_weights(self):
        if self.weights is None:
            return {}
        if self.name not in PUBLISHED:
            raise ValueError(
                f"Keras publishes ImageNet weights of {[*PUBLISHED]} among the "
                f"VGG networks here, not of {self.name}. "
                f"Received: weights={self.weights!r}"
            )
        network = PUBLISHED[self.name](weights=self.weights)
        return _renamed(network, self.rows)

    def run(self, x, stream, start, stop, head):
        names = [None, *self.stages]
        begin, end = names.index(start), names.index(stop)
        for row in self.rows[begin:end]:
            if stream != "flow" or row[0] not in self.absent_in_flow:
                x = _layer(row, stream, head)(x)
        return x


def _layer(row, stream, head):
    """Returns the Keras layer of a row."""
    name, layer, config = row
    full_name = f"{stream}_{name}"
    if name == LOGITS:
        return head.classifier(full_name)
    if name == SCORES:
        return head.scores(full_name)
    if layer is keras.layers.Dropout:
        config = {"rate": head.dropout}
    return layer(**config, name=full_name)


def _stages(rows):
    """Yields the stage that each row ends."""
    stride, channels = 1, 3
    for name, layer, config in rows:
        stride = 0 if layer is keras.layers.Flatten else stride
        stride *= config.get("strides", 1)
        channels = config.get("filters", config.get("units", channels))
        yield Stage(name, stride, 0 if layer is None else channels)


def _renamed(network, rows):
    """Returns the weights of Keras's network by our names of its layers."""
    learnt = (keras.layers.Conv2D, keras.layers.Dense)
    names = [n for n, kind, _ in rows if kind in learnt or n == LOGITS]
    layers = [layer for layer in network.layers if layer.weights]
    weights = {
        name: layer.get_weights()
        for name, layer in zip(names, layers, strict=True)
    }
    # Keras's copy of VGG-16 wants BGR, ours RGB.
    kernel, bias = weights[names[0]]
    return weights | {names[0]: [kernel[:, :, ::-1], bias]}
