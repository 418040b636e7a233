"""Any functional Keras image network as a backbone, cut where it narrows."""

import math
import re
from collections import Counter

import keras
import numpy as np

from keras_twostream.backbones.base import (
    LOGITS,
    RGB_CHANNELS,
    SCORES,
    STRIDES,
    Backbone,
    Stage,
)

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
# Layers that may hold one constant per colour, which flow has not.
SCALERS = ("Normalization", "Rescaling")
POOL, DROPOUT = "avg_pool", "dropout"


class GraphBackbone(Backbone):
    """Stages of a functional network: every place where one map is all.

    A layer ends a stage if everything after it depends on its output alone
    (so that streams can be exchanged there) and it ends a unit of
    convolution, normalisation and activation. The network's layers are used
    as a pattern; the towers get copies of their own.

    Args:
        network: Functional `keras.Model` from one image to one map, that is
            without its classifier.
        source: What the network came from; by default itself.
        convention: Row of `layers.preprocessing.CONVENTIONS`.
    """

    def __init__(self, network, source=None, convention="image"):
        self.source, self.convention = source or network, convention
        self.name = source or network.name
        self.network = network
        self.names = _stable_names(network)
        self.tensors = {self.names[op]: t for op, t in _cuts(network)}
        self.stages = {
            name: _stage(name, network.input.shape, tensor.shape)
            for name, tensor in self.tensors.items()
        }
        for name in (POOL, DROPOUT, LOGITS, SCORES):
            self.stages[name] = Stage(name, 0, 0)
        self.aliases = dict.fromkeys(("fc6", "relu6", "fc7", "relu7"), POOL)
        for location, stride in STRIDES.items():
            same = [s.name for s in self.stages.values() if s.stride == stride]
            if same:
                self.aliases[location] = same[-1]

    def run(self, x, stream, start, stop, head):
        last = [*self.tensors][-1]
        body_stop = stop if stop in self.tensors else last
        if start != body_stop and (start is None or start in self.tensors):
            x = self._segment(x, stream, start, body_stop)
        return self._head(x, stream, start, stop, head)

    def _segment(self, x, stream, start, stop):
        """Applies copies of the layers between two cuts to `x`."""
        source = self.tensors[start] if start else self.network.input
        segment = keras.Model(source, self.tensors[stop])
        outputs = {}

        def copy(layer):
            name = f"{stream}_{self.names[layer.name]}"
            return _copy(layer, name, colours=x.shape[-1] == RGB_CHANNELS)

        def call(layer, *args, **kwargs):
            outputs[layer.name] = layer(*args, **kwargs)
            return outputs[layer.name]

        keras.models.clone_model(
            segment, x, clone_function=copy, call_function=call
        )
        return outputs[f"{stream}_{stop}"]

    def _head(self, x, stream, start, stop, head):
        """Applies the classifier's layers after `start` up to `stop`."""
        layers = {
            POOL: lambda name: keras.layers.GlobalAveragePooling2D(name=name),
            DROPOUT: lambda name: keras.layers.Dropout(head.dropout, name=name),
            LOGITS: head.classifier,
            SCORES: head.scores,
        }
        for name, make in layers.items():
            if self.after(name, start) and not self.after(name, stop):
                x = make(f"{stream}_{name}")(x)
        return x

    def initial_weights(self):
        return {
            self.names[layer.name]: [
                keras.ops.convert_to_numpy(w) for w in layer.weights
            ]
            for layer in self.network.layers
            if layer.weights
        }


def _copy(layer, name, colours):
    """Returns a fresh layer like `layer`, for any number of channels."""
    if isinstance(layer, keras.Sequential):
        # From its own config it would insist on its old input shape.
        parts = [_copy(part, part.name, colours) for part in layer.layers]
        return keras.Sequential(parts, name=name)
    config = layer.get_config()
    if isinstance(layer, keras.layers.Layer):
        config |= {"name": name, "dtype": keras.config.dtype_policy().name}
    if type(layer).__name__ in SCALERS and not colours:
        config = _per_image(config)
    return type(layer).from_config(config)


def _stable_names(network):
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


def _per_image(config):
    """Returns a layer's config with one constant for all channels."""
    return {
        key: float(np.mean(value))
        if isinstance(value, (list, tuple)) and len(value) == RGB_CHANNELS
        else value
        for key, value in config.items()
    }


def _cuts(network):
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


def _stage(name, input_shape, shape):
    """Returns the stage of a map, with its stride as a power of two."""
    shrinkage = input_shape[1] / shape[1]
    return Stage(name, 2 ** round(math.log2(shrinkage)), shape[-1])
