"""C3D networks as tables.

Reference: Tran et al., "Learning Spatiotemporal Features with 3D Convolutional
Networks", ICCV 2015, and the definition of its released Caffe network: clips
of 16 frames of 112x112, 3x3x3 convolutions, pooling that keeps partly filled
windows, so that the last map of 7x7 becomes 4x4. The released network subtracts
the mean clip of Sports-1M; here it is ImageNet's mean colour, since a mean
clip would tie the network to one size.
"""

from keras_twostream.backbones.rows import (
    PIXEL_GAIN,
    Table,
    block,
    ceil_pool,
    head,
)

# Number of convolutions and their filters, by block.
C3D = ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))
# The smaller network on which the source compares temporal kernels.
SMALL = ((1, 64), (1, 128), (1, 256), (1, 256), (1, 256))


def c3d(blocks, units, depths=None):
    """Yields the rows of a C3D network.

    Time is kept by the first pooling and halved by the others.

    Args:
        blocks: Pairs (number of convolutions, filters), pooled one by one.
        units: Units of both dense layers.
        depths: Integers, frames that the kernels of each block span; by
            default 3. The source tries 1, 3, 5 and 7, equal in all blocks,
            growing (3-3-5-5-7) and shrinking.
    """
    plan = zip(blocks, depths or [3] * len(blocks), strict=True)
    for number, ((count, filters), depth) in enumerate(plan, start=1):
        first = number == 1
        gain = PIXEL_GAIN if first else 2.0
        yield from block(number, count, filters, (depth, 3, 3), gain=gain)
        yield from ceil_pool(number, (1 if first else 2, 2, 2))
    yield from head(units, units)


def _c3d_tiny():
    """Yields `vgg_tiny` with kernels and pooling in time as C3D has them.

    Its first convolution has no stride: TensorFlow's gradients of strided 3D
    convolutions take several times as long on a CPU.
    """
    yield from block(1, 1, 16, (3, 3, 3))
    yield from ceil_pool(1, (1, 4, 4))
    yield from block(2, 1, 32, (3, 3, 3))
    yield from ceil_pool(2, (2, 2, 2))
    for number in (3, 4, 5):
        yield from block(number, 1, 32, (3, 3, 3))
    yield from ceil_pool(5, (2, 2, 2))
    yield from head(64, 64)


TABLES = {
    "c3d": Table(tuple(c3d(C3D, 4096)), "mean"),
    "c3d_small": Table(tuple(c3d(SMALL, 2048)), "mean"),
    # Not from the literature: small enough to learn in a minute on a CPU.
    "c3d_tiny": Table(tuple(_c3d_tiny()), "unit"),
}
