"""The networks of Karpathy et al. as tables.

Reference: Karpathy et al., "Large-scale Video Classification with
Convolutional Neural Networks", CVPR 2014. Of single frames its network is
C(96,11,3)-N-P-C(256,5,1)-N-P-C(384,3,1)-C(384,3,1)-C(256,3,1)-P-FC(4096)-
FC(4096), images of 170x170, pooling of 2x2; slow fusion extends the first three
convolutions in time.

Uncertain, since they are known from memory alone: the normalisation's constants
(k = 2, n = 5, alpha = 1e-4, beta = 0.5), the mean that is subtracted (117
of each channel; here ImageNet's, which is near it) and the last map of
7x7x256. No borders around the first convolution and pooling that keeps partly
filled windows are chosen because they give that map, of the whole image as
of half of it without the last pooling.
"""

from keras_twostream.backbones.rows import (
    PIXEL_GAIN,
    Table,
    ceil_pool,
    conv,
    head,
)
from keras_twostream.layers import LocalResponseNormalization

NORM = {"size": 5, "kappa": 2.0, "alpha": 1e-4, "beta": 0.5}

# Name, filters, side, stride and border of every convolution.
CONVOLUTIONS = (
    ("1", 96, 11, 3, 0),
    ("2", 256, 5, 1, 2),
    ("3", 384, 3, 1, 1),
    ("4", 384, 3, 1, 1),
    ("5", 256, 3, 1, 1),
)
NORMALISED, POOLED = ("1", "2"), ("1", "2", "5")

# Convolution -> its extent and stride in time: 10 frames, then 4, 2 and 1.
SLOW_FUSION = {"1": (4, 2), "2": (2, 2), "3": (2, 2)}


def _karpathy(extents=None):
    """Yields the rows of a network of images, or of clips.

    Args:
        extents: `None` for images; for clips, a dict of convolution -> its
            (extent, stride) in time, without borders there. Others see
            every time step alone.
    """
    pool = 2 if extents is None else (1, 2, 2)
    for name, filters, *sizes in CONVOLUTIONS:
        if extents is not None:
            sizes = _extended(*sizes, *extents.get(name, (1, 1)))
        size, strides, borders = sizes
        gain = PIXEL_GAIN if name == "1" else 2.0
        yield from conv(name, filters, size, strides, borders, gain=gain)
        if name in NORMALISED:
            yield f"norm{name}", LocalResponseNormalization, NORM
        if name in POOLED:
            yield from ceil_pool(name, pool)
    yield from head(4096, 4096)


def _extended(side, stride, border, extent, hop):
    """Returns size, strides and borders of a convolution over time too."""
    borders = border and (0, border, border)
    return (extent, side, side), (hop, stride, stride), borders


TABLES = {
    "karpathy": Table(tuple(_karpathy()), "mean"),
    "karpathy_slow": Table(tuple(_karpathy(SLOW_FUSION)), "mean"),
}
