"""The residual networks of torchvision, and of what copies their names."""

import re

import keras

from keras_twostream.converters.torch_layers import label_of, max_pool, relu

# Kernels of a block, and which of them has the block's stride: the second one
# of a bottleneck ("v1.5", MMAction's style "pytorch"), not the first.
BASIC = ((3, True), (3, False))
BOTTLENECK = ((1, False), (3, True), (1, False))
# (Kernels, blocks of each stage) -> layers that are counted in the name.
DEPTHS = {
    (BASIC, (2, 2, 2, 2)): 18,
    (BASIC, (3, 4, 6, 3)): 34,
    (BOTTLENECK, (3, 4, 6, 3)): 50,
    (BOTTLENECK, (3, 4, 23, 3)): 101,
    (BOTTLENECK, (3, 8, 36, 3)): 152,
}
FIRST = "conv1.weight"
_BLOCK = re.compile(r"layer(\d+)\.(\d+)\.")


def name_of(tensors):
    """Returns what a network is called, such as `"ResNet-50"`.

    Raises:
        ValueError: If it is none of `DEPTHS`.
    """
    return f"ResNet-{DEPTHS[_row(tensors)]}"


def features(layers, x):
    """Returns the last map of a residual network.

    Source: He et al., Deep Residual Learning for Image Recognition, CVPR
    2016, with the stride where torchvision has it.

    Args:
        layers: `TorchLayers` of torchvision's names.
        x: Keras tensor `(batch, height, width, channels)`.

    Raises:
        ValueError: If an array is missing or of another shape.
    """
    kernels, counts = _row(layers.tensors)
    x = layers.convolution(x, "conv1", 7, 2)
    x = relu(layers.norm(x, "bn1"), "relu")
    x = max_pool(x, "maxpool", 1, (1, 1))
    for stage, count in enumerate(counts, 1):
        for index in range(count):
            stride = 2 if stage > 1 and index == 0 else 1
            # The stem has the channels of the first stage of plain blocks.
            widens = index == 0 and (stage > 1 or kernels == BOTTLENECK)
            name = f"layer{stage}.{index}"
            x = _block(layers, x, name, kernels, stride, widens)
    return x


def _block(layers, x, name, kernels, stride, widens):
    """Applies convolutions, and a shortcut around them."""
    shortcut = x
    if widens:
        shortcut = layers.convolution(x, f"{name}.downsample.0", 1, stride)
        shortcut = layers.norm(shortcut, f"{name}.downsample.1")
    label = label_of(name)
    for index, (size, strided) in enumerate(kernels, 1):
        last = index == len(kernels)
        x = layers.convolution(
            x,
            f"{name}.conv{index}",
            size,
            stride if strided else 1,
            filters=shortcut.shape[-1] if last else None,
        )
        x = layers.norm(x, f"{name}.bn{index}")
        if not last:
            x = relu(x, f"{label}_relu{index}")
    x = keras.layers.Add(name=f"{label}_add")([x, shortcut])
    return relu(x, f"{label}_relu")


def _row(tensors):
    """Returns the row of `DEPTHS` that a network is."""
    blocks = {match.groups() for match in map(_BLOCK.match, tensors) if match}
    stages = [stage for stage, _ in blocks]
    counts = tuple(stages.count(stage) for stage in sorted({*stages}))
    deep = "layer1.0.conv3.weight" in tensors
    row = (BOTTLENECK if deep else BASIC), counts
    if row not in DEPTHS:
        known = [(len(kernels), *blocks) for kernels, blocks in DEPTHS]
        raise ValueError(
            f"a residual network must have one of {known} as its kernels per "
            f"block and blocks per stage. Found: {(len(row[0]), *counts)}"
        )
    return row
