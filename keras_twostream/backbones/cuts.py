"""Finds the places at which a functional network can be cut."""

import math
import re
from collections import Counter

import keras

from keras_twostream.backbones.base import Stage

# A map that only these read is in the middle of a unit: not a stage.
UNIT_PARTS = ("BatchNormalization", "Activation", "ReLU", "LayerNormalization")
# Layers that change no features: not stages either.
PLAIN = (
    "Dropout",
    "InputLayer",
    "Normalization",
    "Rescaling",
    "ZeroPadding2D",
)


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


def cuts(network):
    """Yields (layer name, tensor) of every place to cut, in order."""
    operations = network.operations
    readers: dict[int, list[int]] = {}
    for index, operation in enumerate(operations):
        if not isinstance(operation, keras.layers.InputLayer):
            for tensor in keras.tree.flatten(operation.input):
                readers.setdefault(id(tensor), []).append(index)
    needed_until = -1
    for index, operation in enumerate(operations):
        if needed_until <= index and _ends_unit(operation, operations, readers):
            yield operation.name, operation.output
        last_reader = max(readers.get(id(operation.output), [index]))
        needed_until = max(needed_until, last_reader)


def _ends_unit(operation, operations, readers):
    """Returns whether a map is the finished result of a unit of layers."""
    if type(operation).__name__ in PLAIN:
        return False
    next_types = {
        type(operations[index]).__name__
        for index in readers.get(id(operation.output), [])
    }
    return not next_types or bool(next_types - {*UNIT_PARTS})


def stage(name, input_shape, shape):
    """Returns the stage of a map, with its stride as a power of two."""
    shrinkage = input_shape[1] / shape[1]
    return Stage(name, 2 ** round(math.log2(shrinkage)), shape[-1])
