"""A finished network, with its classifier, as a backbone to be cut."""

import difflib

import keras

from keras_twostream.backbones.base import STREAMS, Backbone, Stage
from keras_twostream.backbones.cuts import (
    MAP_RANKS,
    bottlenecks,
    replay,
    strides_of,
)
from keras_twostream.backbones.inline import copied, inline
from keras_twostream.backbones.words import words_of
from keras_twostream.layers import FoldTime, UnfoldTime


class WholeNetwork(Backbone):
    """Stages of a trained network: every layer on which all the rest depends.

    Unlike a `GraphBackbone` it ends with the network's own classifier, its
    layers are as they are, nothing is put before them, and every layer at
    which the network can be cut is a place, at the end of a unit or not. The
    network's layers are a pattern; a tower gets copies of its own.

    The paper's words mean: `relu2` to `relu5` the last map at strides 2 to 16,
    `pool5` the last map of all, `fc6` and `fc7` the first and the last hidden
    dense layer of the classifier or else the pooled vector, `fc8` the logits,
    `softmax` the scores. Where one layer makes both, it is both. The names of
    the network's layers mean these; those of networks of `build` are without
    their stream here.

    Args:
        network: Functional or sequential `keras.Model` of one input and one
            output, which may have other such models as layers.

    Attributes:
        folded: Stage -> time steps that the network itself has folded into
            the batch there, or `None`.
        activation: What makes scores of logits, if a layer of its own does.
        class_names: Names of the classes, if the network knows them.

    Raises:
        ValueError: If the network cannot be cut; the message says why.
    """

    convention = None  # type: ignore[assignment]

    def __init__(self, network):
        self.network, self.originals = inline(network)
        self.source, self.name = network, network.name
        self.input = self.network.inputs[0]
        self.clips = len(self.input.shape) == max(MAP_RANKS)
        prefix = _prefix(network)
        self.names = {
            op.name: op.name.removeprefix(prefix)
            for op in self.network.operations
            if not isinstance(op, keras.layers.InputLayer)
        }
        self.places = {
            self.names[cut.operation.name]: cut
            for cut in bottlenecks(self.network)
            if cut.operation.name in self.names
        }
        self.stages = _stages(self.network, self.places)
        self.aliases = words_of(self.places, self.stages)
        self.folded = _folded(self.network, self.names)
        end = [*self.places.values()][-1].operation
        self.activation = getattr(end, "activation", None)
        if isinstance(end, keras.layers.Softmax):
            self.activation = keras.activations.softmax
        self.class_names = getattr(end, "class_names", None)

    def resolve(self, location):
        name = self.aliases.get(location, location)
        if name in self.stages:
            return name
        layers = [*self.names.values()]
        if name in layers:
            index = layers.index(name)
            before = [x for x in layers[:index] if x in self.stages][-1:]
            after = [x for x in layers[index:] if x in self.stages][:1]
            raise ValueError(
                f"{self.name} cannot be cut at {location}: what comes after "
                "it depends on other layers too, as within a residual block. "
                f"The nearest places are {' and '.join(before + after)}"
            )
        known = [*self.aliases, *self.stages]
        close = difflib.get_close_matches(str(location), known, n=3)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        ends = [n for n, cut in self.places.items() if cut.ends_unit]
        raise ValueError(
            f"{self.name} has no layer {location!r}.{hint} There are: "
            f"{', '.join([*self.aliases, *ends])}"
        )

    def run(self, x, stream, start, stop, head):
        if start == stop:
            return x
        source = self.places[start].tensor if start else self.input

        def copy(layer):
            return copied(layer, f"{stream}_{self.names[layer.name]}")

        return replay(source, self.places[stop].tensor, x, copy)

    def initial_weights(self):
        return {
            self.names[name]: [
                keras.ops.convert_to_numpy(w) for w in layer.weights
            ]
            for name, layer in self.originals.items()
            if getattr(layer, "weights", None)
        }


def _prefix(network):
    """Returns the stream in front of all names in a network of `build`."""
    inputs = getattr(network, "input", None)
    streams = [*inputs] if isinstance(inputs, dict) else []
    return (
        f"{streams[0]}_" if len(streams) == 1 and streams[0] in STREAMS else ""
    )


def _stages(network, places):
    """Returns name -> `Stage` of all places."""
    shape = network.inputs[0].shape
    # Strides cannot be told where sizes are not.
    known = len(shape) in MAP_RANKS and None not in shape[1:]
    strides = strides_of(network) if known else {}
    stages = {}
    for name, (_, x, _) in places.items():
        is_map = len(x.shape) in MAP_RANKS
        stride = strides.get(id(x), 1) if is_map else 0
        stages[name] = Stage(name, stride, x.shape[-1])
    return stages


def _folded(network, names):
    """Returns layer -> time steps in the batch of its result, or `None`."""
    steps: dict[int, int | None] = {}
    folded = {}
    for operation in network.operations:
        inputs = keras.tree.flatten(operation.input)
        count = steps.get(id(inputs[0])) if inputs else None
        if isinstance(operation, FoldTime):
            count = inputs[0].shape[1]
        elif isinstance(operation, UnfoldTime):
            count = None
        for x in keras.tree.flatten(operation.output):
            steps[id(x)] = count
        folded[names.get(operation.name)] = count
    return folded
