"""BN-Inception, the network of the first published TSN weights."""

import keras

from keras_twostream.converters.torch_layers import max_pool, relu

NAME = "BN-Inception"
FIRST = "conv1_7x7_s2.weight"
STEM_POOLS = ("pool1_3x3_s2", "pool2_3x3_s2")
# Module -> stride. Those of stride 2 have no 1x1 branch, and keep the pooled
# map as it is.
MODULES = {
    "3a": 1,
    "3b": 1,
    "3c": 2,
    "4a": 1,
    "4b": 1,
    "4c": 1,
    "4d": 1,
    "4e": 2,
    "5a": 1,
    "5b": 1,
}
# The one whose projected pooling is a maximum, not an average.
MAX_POOLED = "5b"
# Branches as (convolution, size of its kernel).
BRANCHES = (
    (("1x1", 1),),
    (("3x3_reduce", 1), ("3x3", 3)),
    (("double_3x3_reduce", 1), ("double_3x3_1", 3), ("double_3x3_2", 3)),
)


def name_of(tensors):
    """Returns what the network is called."""
    return NAME


def features(layers, x):
    """Returns the last map of BN-Inception.

    Source: Ioffe, Szegedy, Batch Normalization, ICML 2015, in the form of
    Caffe's, whose pooling rounds sizes up.

    Args:
        layers: `TorchLayers` of the names of tsn-pytorch's model zoo.
        x: Keras tensor `(batch, height, width, channels)`.

    Raises:
        ValueError: If an array is missing or of another shape.
    """
    x = _unit(layers, x, "conv1_7x7_s2", 7, 2)
    x = _max_pool(x, STEM_POOLS[0])
    x = _unit(layers, x, "conv2_3x3_reduce", 1)
    x = _unit(layers, x, "conv2_3x3", 3)
    x = _max_pool(x, STEM_POOLS[1])
    for module, stride in MODULES.items():
        x = _module(layers, x, module, stride)
    return x


def _module(layers, x, module, stride):
    """Applies the branches of a module and concatenates their maps."""
    name = f"inception_{module}"
    ends = []
    for branch in BRANCHES[stride - 1 :]:
        end = x
        for index, (part, size) in enumerate(branch, 1):
            step = stride if index == len(branch) else 1
            end = _unit(layers, end, f"{name}_{part}", size, step)
        ends.append(end)
    if stride > 1:
        ends.append(_max_pool(x, f"{name}_pool"))
    else:
        pooled = _pool(x, f"{name}_pool", module == MAX_POOLED)
        ends.append(_unit(layers, pooled, f"{name}_pool_proj", 1))
    return keras.layers.Concatenate(name=f"{name}_output")(ends)


def _unit(layers, x, name, size, stride=1):
    """Applies a convolution, a normalisation and a rectification."""
    x = layers.convolution(x, name, size, stride, bias=True)
    return relu(layers.norm(x, f"{name}_bn"), f"{name}_relu")


def _max_pool(x, name):
    # A window may reach over the far border by one cell.
    return max_pool(x, name, 0, [1 - size % 2 for size in x.shape[1:3]])


def _pool(x, name, is_max):
    """Applies pooling over 3x3 at stride 1."""
    if is_max:
        return keras.layers.MaxPooling2D(3, 1, "same", name=name)(x)
    # The average counts the zeros around a map; Keras's "same" does not.
    x = keras.layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    return keras.layers.AveragePooling2D(3, 1, name=name)(x)
