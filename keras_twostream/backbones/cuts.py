"""Finds where a functional network can be cut, and copies what is between."""

import math
import re
from collections import Counter
from typing import Any, NamedTuple

import keras

from keras_twostream.backbones.shapes import shapes_only

# A map that only these read is in the middle of a unit: not a stage.
UNIT_PARTS = ("BatchNormalization", "Activation", "ReLU", "LayerNormalization")
# Layers that move a map's borders, and nothing else.
BORDERS = (
    "Cropping2D",
    "Cropping3D",
    "Pad",
    "ZeroPadding2D",
    "ZeroPadding3D",
)
# Layers that change no features: not stages either.
PLAIN = (*BORDERS, "Dropout", "InputLayer", "Normalization", "Rescaling")
# Layers whose stride is known from themselves.
STRIDED = (
    keras.layers.AveragePooling2D,
    keras.layers.AveragePooling3D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.DepthwiseConv2D,
    keras.layers.MaxPooling2D,
    keras.layers.MaxPooling3D,
    keras.layers.SeparableConv2D,
)

# A map of an image, and one of a clip.
MAP_RANKS = (4, 5)


def stable_names(network):
    """Returns operation's name -> name that is the same in every process.

    Keras numbers unnamed layers through the whole process; they are renamed
    as if the network were the first one made in it.
    """
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for operation in network.operations:
        kind = snake_case(type(operation).__name__)
        name = operation.name
        if re.fullmatch(rf"{kind}(_\d+)?", name):
            number = counts[kind]
            counts[kind] += 1
            name = f"{kind}_{number}" if number else kind
        names[operation.name] = name
    return names


def snake_case(name):
    """Returns what Keras calls a layer of class `name`: `ReLU` is `re_lu`."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


class Cut(NamedTuple):
    """A layer on whose output alone all that comes after it depends.

    Attributes:
        operation: The layer.
        tensor: Its output.
        ends_unit: Whether that is the map which a unit of convolution,
            normalisation and activation results in.
    """

    operation: keras.Operation
    tensor: keras.KerasTensor
    ends_unit: bool


def bottlenecks(network):
    """Yields the `Cut` of every layer at which a network can be cut, in order.

    Args:
        network: Functional `keras.Model` of one input, whose layers are called
            once and nowhere else.
    """
    operations = network.operations
    readers: dict[int, list[int]] = {}
    for index, operation in enumerate(operations):
        if not isinstance(operation, keras.layers.InputLayer):
            for tensor in keras.tree.flatten(operation.input):
                readers.setdefault(id(tensor), []).append(index)
    needed_until = -1
    for index, operation in enumerate(operations):
        outputs = keras.tree.flatten(operation.output)
        if needed_until <= index and len(outputs) == 1:
            read_by = [operations[i] for i in readers.get(id(outputs[0]), ())]
            is_map = len(outputs[0].shape) in MAP_RANKS
            ends = is_map and _ends_unit(operation, read_by)
            yield Cut(operation, outputs[0], ends)
        last_readers = [max(readers.get(id(x), [index])) for x in outputs]
        needed_until = max(needed_until, *last_readers)


def cuts(network):
    """Yields (layer name, map, stride) of every end of a unit, in order.

    A map has as many axes as the input, of images or of clips.
    """
    strides, rank = strides_of(network), len(network.inputs[0].shape)
    for cut in bottlenecks(network):
        if cut.ends_unit and len(cut.tensor.shape) == rank:
            yield cut.operation.name, cut.tensor, strides[id(cut.tensor)]


def replay(source, target, x, copy):
    """Applies copies of the layers between two tensors of a network to `x`.

    Args:
        source: Tensor on which alone `target` depends.
        target: Tensor of the same network.
        x: Keras tensor in the stead of `source`.
        copy: Function of a layer that returns its copy.
    """
    # Layers of a pattern have no values, which PyTorch would ask for.
    with shapes_only():
        segment = keras.Model(source, target)
    results = []

    def call(layer, *args, **kwargs):
        results.append(layer(*args, **kwargs))
        return results[-1]

    keras.models.clone_model(
        segment, x, clone_function=copy, call_function=call
    )
    return results[-1]


def _ends_unit(operation, read_by):
    """Returns whether a map is the finished result of a unit of layers."""
    if type(operation).__name__ in PLAIN:
        return False
    next_types = {type(reader).__name__ for reader in read_by}
    return not next_types or bool(next_types - {*UNIT_PARTS})


def strides_of(network):
    """Returns tensor's id -> input pixels per cell of the map.

    Strides are multiplied along the way: sizes alone would mislead, as
    convolutions without padding cut off borders, and small maps end as a
    single cell at many strides.
    """
    strides: dict[int, int] = {}
    sizes: dict[int, Any] = {}
    for operation in network.operations:
        stride, size = 1, None
        if not isinstance(operation, keras.layers.InputLayer):
            inputs = keras.tree.flatten(operation.input)
            # Of maps that meet, a smaller one was pooled to weigh channels.
            source = max(inputs, key=lambda x: sizes[id(x)])
            stride, size = strides[id(source)], sizes[id(source)]
        for x in keras.tree.flatten(operation.output):
            # Tokens and vectors keep the size of the map that they were.
            is_map = len(x.shape) in MAP_RANKS
            sizes[id(x)] = tuple(x.shape[-3:-1]) if is_map else size
            strides[id(x)] = stride * _step(operation, size, sizes[id(x)])
    return strides


def _step(operation, size, new_size):
    """Returns the factor by which one operation shrinks a map."""
    if size is None or type(operation).__name__ in BORDERS:
        return 1
    if isinstance(operation, STRIDED):
        return operation.strides[-1]
    # Of a layer that is a whole block, as KerasHub's are, sizes must tell.
    return 2 ** round(math.log2(size[0] / new_size[0]))
