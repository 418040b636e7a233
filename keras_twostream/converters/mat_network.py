"""Applies the layers of MatConvNet's networks under names of this library."""

import re
from typing import NamedTuple

import numpy as np

from keras_twostream.backbones.base import LOGITS
from keras_twostream.converters.mat_call import Call, Value
from keras_twostream.converters.mat_layers import apply

# How the authors' names of fused networks end -> stream.
SUFFIXES = {"_spatial": "rgb", "_temporal": "flow"}
# The classifier, where it lost its name.
UNNAMED = re.compile(r"layer\d+|prediction")
# What names in Keras cannot hold.
UNNAMEABLE = re.compile(r"[^A-Za-z0-9_.-]")


class Made(NamedTuple):
    """What the layers of a network have made.

    Attributes:
        values: Dict of variable -> `Value`.
        labels: Dict of variable -> name of the layer in Keras that made it.
        arrays: Dict of such a name -> weights of the layer.
    """

    values: dict[str, Value]
    labels: dict[str, str]
    arrays: dict[str, list[np.ndarray]]


def run(nodes, inputs, ends):
    """Returns what all layers have `Made`.

    Args:
        nodes: Layers of the network, in order of use.
        inputs: Dict of variable -> `Value` of the inputs.
        ends: Variables that are class logits.

    Raises:
        ValueError: If a layer is not understood.
    """
    made = Made({**inputs}, {}, {})
    streams = frozenset().union(*(value.streams for value in inputs.values()))
    for node in nodes:
        given = tuple(made.values[name] for name in node.inputs)
        name = node.name
        if {*node.outputs} & {*ends}:
            name = _classifier(name)
        own = frozenset().union(*(value.streams for value in given))
        label = _label(name, own, streams, made.labels.values())
        result = apply(Call(node, label, given, made.arrays))
        for output in node.outputs:
            made.values[output], made.labels[output] = result, label
    return made


def _classifier(name):
    """Returns the name of a classifier, `fc8` in place of none."""
    suffix = next((end for end in SUFFIXES if name.endswith(end)), "")
    bare = name.removesuffix(suffix)
    return (LOGITS if UNNAMED.fullmatch(bare) else bare) + suffix


def _label(name, own, streams, taken):
    """Returns `{stream}_{layer}`, or the layer's name after a fusion.

    Args:
        name: What the source calls the layer.
        own: Streams that it depends on.
        streams: Streams of the network.
        taken: Names that are in use.
    """
    stream = next(iter(own)) if len(own) == 1 else None
    for suffix, meant in SUFFIXES.items():
        if name.endswith(suffix) and meant in streams:
            name, stream = name.removesuffix(suffix), meant
    label = UNNAMEABLE.sub("_", f"{stream}_{name}" if stream else name)
    if not re.match("[A-Za-z0-9.]", label):
        label = f"layer{label}"
    number, unique = 2, label
    while unique in taken:
        unique, number = f"{label}_{number}", number + 1
    return unique
