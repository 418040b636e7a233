"""VGG networks as tables, layer by layer as their references have them.

References: Chatfield et al., "Return of the Devil in the Details", BMVC 2014
(VGG-M-2048); Simonyan and Zisserman, "Very Deep Convolutional Networks",
ICLR 2015 (VGG-16) and "Two-Stream Convolutional Networks", NIPS 2014 (the
temporal VGG-M has no second normalisation).
"""

import keras

from keras_twostream.backbones.base import LOGITS
from keras_twostream.backbones.rows import (
    PIXEL_GAIN,
    Table,
    block,
    ceil_pool,
    conv,
    head,
)
from keras_twostream.layers import LocalResponseNormalization


def _vgg_m_2048():
    yield from conv("1", 96, 7, 2, padding=0, gain=PIXEL_GAIN)
    yield "norm1", LocalResponseNormalization, {}
    yield from ceil_pool("1", 3, 2)
    yield from conv("2", 256, 5, strides=2, padding=1)
    yield "norm2", LocalResponseNormalization, {}
    yield from ceil_pool("2", 3, 2)
    for name in ("3", "4", "5"):
        yield from conv(name, 512, 3)
    yield from ceil_pool("5", 3, 2)
    yield from head(4096, 2048)


def _vgg(blocks, units6, units7):
    """Yields blocks of 3x3 convolutions, each halved by 2x2 max pooling."""
    pool = {"pool_size": 2, "strides": 2}
    for number, (count, filters) in enumerate(blocks, start=1):
        gain = PIXEL_GAIN if number == 1 else 2.0
        yield from block(number, count, filters, 3, gain=gain)
        yield f"pool{number}", keras.layers.MaxPooling2D, pool
    yield from head(units6, units7)


def _vgg_tiny():
    pool = {"pool_size": 2, "strides": 2}
    yield from conv("1", 16, 3, strides=2)
    yield "pool1", keras.layers.MaxPooling2D, pool
    yield from conv("2", 32, 3)
    yield "pool2", keras.layers.MaxPooling2D, pool
    for name in ("3", "4", "5"):
        yield from conv(name, 32, 3)
    yield "pool5", keras.layers.MaxPooling2D, pool
    yield from head(64, 64)


VGG_16 = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))

TABLES = {
    "vgg_m_2048": Table(tuple(_vgg_m_2048()), "mean", ("norm2",)),
    # Not from the literature: small enough to learn in a minute on a CPU.
    "vgg_tiny": Table(tuple(_vgg_tiny()), "unit"),
    "vgg16": Table(tuple(_vgg(VGG_16, 4096, 4096)), "mean"),
}

# Name -> Keras's constructor of the same network with published weights.
PUBLISHED = {"vgg16": keras.applications.VGG16}


def published_weights(name, weights):
    """Returns Keras's published weights of a network by our layers' names.

    Raises:
        ValueError: If Keras publishes none of this network.
    """
    if name not in PUBLISHED:
        raise ValueError(
            f"Keras publishes ImageNet weights of {[*PUBLISHED]} among the "
            f"networks written out here, not of {name}. "
            f"Received: weights={weights!r}"
        )
    network, rows = PUBLISHED[name](weights=weights), TABLES[name].rows
    learnt = (keras.layers.Conv2D, keras.layers.Dense)
    names = [n for n, kind, _ in rows if kind in learnt or n == LOGITS]
    layers = [layer for layer in network.layers if layer.weights]
    found = {
        name: layer.get_weights()
        for name, layer in zip(names, layers, strict=True)
    }
    # Keras's copy of VGG-16 wants BGR, ours RGB.
    kernel, bias = found[names[0]]
    return found | {names[0]: [kernel[:, :, ::-1], bias]}
