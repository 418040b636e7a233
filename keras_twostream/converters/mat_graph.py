"""A network of MatConvNet as a plain graph, whichever way it was saved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

import numpy as np

from keras_twostream.converters.mat_file import listed, numbers, read_mat

# Variables of a file: a struct, or its fields at the top level.
NET = "net"
FIELDS = ("layers", "params", "meta", "normalization", "classes")
# What SimpleNN calls types of layers of DagNN.
SIMPLE_TYPES = {
    "pool": "pooling",
    "normalize": "lrn",
    "bnorm": "batchnorm",
    "softmaxloss": "loss",
}
SOFTMAX = "softmax"


@dataclass(frozen=True)
class Node:
    """A layer.

    Attributes:
        name: As the file calls it, or `layer` and its number if it does not.
        kind: Its type, as the file calls it.
        inputs: Names of the variables that it takes.
        outputs: Names of those that it makes.
        arrays: Its parameters.
        settings: All else that the file tells of it.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    arrays: tuple[np.ndarray, ...]
    settings: Mapping[str, Any]

    @property
    def type(self):
        """Its type in one word, the same for DagNN and SimpleNN."""
        word = self.kind.rpartition(".")[2].lower()
        return SIMPLE_TYPES.get(word, word)

    @property
    def is_loss(self):
        """Whether it compares scores with labels, for training."""
        return self.type.endswith("loss")

    def numbers(self, name, *default):
        """Returns a setting as a list of numbers, or the default."""
        return numbers(self.settings.get(name)) or [*default]


@dataclass(frozen=True)
class Graph:
    """A network.

    Attributes:
        nodes: All layers, in the order of the file.
        normalization: What the file tells of its input.
        classes: What it tells of its classes.
        meta: What else it tells.
    """

    nodes: tuple[Node, ...]
    normalization: Mapping[str, Any] = field(default_factory=dict)
    classes: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def makers(self):
        """Dict of variable -> the layer that makes it."""
        return {name: node for node in self.nodes for name in node.outputs}

    def logits(self):
        """Returns the variables that scores are made of, one per loss.

        They are what the losses, or the error rates, are about; in a network
        without them, what nothing depends on. A softmax is left out.
        """
        judged = [node.inputs[0] for node in self.nodes if node.is_loss]
        used = {name for node in self.nodes for name in node.inputs}
        ends = judged or [name for name in self.makers if name not in used]
        return tuple(dict.fromkeys(map(self._before_softmax, ends)))

    def _before_softmax(self, name):
        maker = self.makers.get(name)
        return maker.inputs[0] if maker and maker.type == SOFTMAX else name

    def needed(self, wanted):
        """Returns the layers that variables depend on, in order of use.

        Files of fused networks are in another: what was inserted stands within
        the first stream.

        Raises:
            ValueError: If there is none, or they depend on each other in a
                circle.
        """
        makers, left, before = self.makers, [*wanted], {}
        if not {*wanted} <= {*makers} or not wanted:
            raise ValueError("no layer of it makes scores")
        while left:
            name = left.pop()
            if name in makers and name not in before:
                before[name] = makers[name].inputs
                left += before[name]
        order = [*TopologicalSorter(before).static_order()]
        nodes = [makers[name] for name in order if name in makers]
        return tuple({id(node): node for node in nodes}.values())


def read_graph(path):
    """Returns the `Graph` of a network that MatConvNet saved.

    Read are the structs of DagNN and of SimpleNN, old (`filters`, `biases`,
    `normalization` and `classes` beside the layers) and new (`weights`,
    `meta`), in a variable `net` or at the top level of the file.

    Args:
        path: `pathlib.Path` of the `.mat` file.

    Raises:
        ImportError: If a package is missing that reads the format.
        ValueError: If the file is damaged or holds something else.
    """
    found = read_mat(path, (NET, *FIELDS))
    net = found.get(NET, found)
    layers = listed(net.get("layers")) if isinstance(net, dict) else []
    if not layers or not all(_is_layer(layer) for layer in layers):
        raise ValueError(
            f"{path} holds no network of MatConvNet: a struct with `layers`, "
            f"in `{NET}` or by itself; one that was saved as an object, not "
            f"by `saveobj`, cannot be read. Found: {[*found] or 'neither'}"
        )
    try:
        read = _dag if "inputs" in layers[0] else _chain
        nodes = tuple(read(layers, net))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ValueError(
            f"{path} holds a network of MatConvNet that lacks something: "
            f"{type(error).__name__}: {error}"
        ) from error
    meta = _struct(net.get("meta"))
    parts = {
        name: _struct(net.get(name)) | _struct(meta.get(name))
        for name in ("normalization", "classes")
    }
    return Graph(nodes, meta=meta, **parts)


def _is_layer(layer):
    return isinstance(layer, dict) and isinstance(layer.get("type"), str)


def _struct(value):
    return value if isinstance(value, dict) else {}


def _dag(layers, net):
    """Yields the layers of a DagNN."""
    values = {p["name"]: p["value"] for p in listed(net.get("params"))}
    for index, layer in enumerate(layers, 1):
        yield Node(
            name=layer.get("name") or f"layer{index}",
            kind=layer["type"],
            inputs=tuple(listed(layer["inputs"])),
            outputs=tuple(listed(layer["outputs"])),
            arrays=_arrays(values[x] for x in listed(layer.get("params"))),
            settings=_struct(layer.get("block")),
        )


def _chain(layers, _):
    """Yields the layers of a SimpleNN, with variables as DagNN names them."""
    for index, layer in enumerate(layers):
        weights = [layer[x] for x in ("filters", "biases") if x in layer]
        settings = layer | {"poolSize": layer.get("pool")}
        yield Node(
            name=layer.get("name") or f"layer{index + 1}",
            kind=layer["type"],
            inputs=(f"x{index}",),
            outputs=(f"x{index + 1}",),
            arrays=_arrays(listed(layer.get("weights")) or weights),
            settings=settings,
        )


def _arrays(values):
    """Returns parameters as float32, without those that are empty."""
    arrays = tuple(np.asarray(value, "float32") for value in values)
    return tuple(array for array in arrays if array.size)
