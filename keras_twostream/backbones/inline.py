"""Makes one flat pattern of a network and of the networks inside it."""

import inspect

import keras

from keras_twostream.backbones.shapes import shapes_only


def inline(network):
    """Returns a network's layers without networks inside, as a pattern.

    Nothing of `network` is changed. The pattern's layers have no values and
    no memory. They have the names that they have in `network`; a layer of an
    inner network whose name is taken has that network's name before its own.

    Args:
        network: Functional or sequential `keras.Model` of one input and one
            output; layers of it may be such models too, of any depth.

    Returns:
        Pair of the functional pattern, and a dict of name of a layer in it ->
        the layer of `network` that it stands for.

    Raises:
        ValueError: If a network is subclassed, has several inputs or outputs,
            uses a layer twice or holds one that cannot be copied.
    """
    graph = _functional(network)
    with shapes_only():
        source = graph.inputs[0]
        x = keras.Input(batch_shape=source.shape, dtype=source.dtype)
        flattening = _Flattening(graph)
        pattern = keras.Model(x, flattening.put(graph, x), name=network.name)
    return pattern, flattening.originals


def copied(layer, name):
    """Returns a fresh layer like `layer`, called `name`.

    Raises:
        ValueError: If it cannot be made of its config.
    """
    try:
        return type(layer).from_config(layer.get_config() | {"name": name})
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(
            f"Layer {layer.name} cannot be copied: {error} "
            f"Received: a {type(layer).__name__}"
        ) from error


class _Flattening:
    """Copies the layers of a network and of those inside it.

    Args:
        outermost: The network whose layers keep their names.

    Attributes:
        originals: Name of a copy -> layer that it is a copy of.
    """

    def __init__(self, outermost):
        self.outermost = outermost
        self.originals = {}
        self.names = {op.name for op in outermost.operations if not _inner(op)}
        self.used = {}

    def put(self, graph, x, training=None):
        """Returns what copies of a network's layers make of a tensor.

        Args:
            graph: Functional network of one input and one output.
            x: Tensor in place of its input.
            training: What the network is called with, as
                `base(x, training=False)` is.
        """
        results = []

        def copy(layer):
            return layer if _inner(layer) else self._copy(layer, graph)

        def call(layer, *args, **kwargs):
            self._use(layer, graph)
            if training is not None and _takes_training(layer):
                kwargs["training"] = training
            if _inner(layer):
                tensor = keras.tree.flatten((args, kwargs.get("inputs")))[0]
                inner = _functional(layer)
                result = self.put(inner, tensor, kwargs.get("training"))
            else:
                result = layer(*args, **kwargs)
            results.append(result)
            return result

        keras.models.clone_model(
            graph, x, clone_function=copy, call_function=call
        )
        return results[-1]

    def _copy(self, layer, graph):
        """Returns a copy, of a name of its own."""
        self._use(layer, graph)
        name = layer.name
        # PyTorch has no dots in names, as networks of `keras.applications` do.
        outer = graph.name.replace(".", "_")
        while graph is not self.outermost and name in self.names:
            name = f"{outer}_{name}"
        self.names.add(name)
        self.originals[name] = layer
        return copied(layer, name)

    def _use(self, layer, graph):
        """Raises `ValueError` if a layer is used a second time."""
        if id(layer) in self.used:
            raise ValueError(
                f"{graph.name} cannot be cut: it uses {layer.name} more than "
                "once"
            )
        self.used[id(layer)] = layer


def _inner(layer):
    """Returns whether a layer is a network of layers."""
    return isinstance(layer, keras.Model)


def _takes_training(layer):
    return (
        _inner(layer) or "training" in inspect.signature(layer.call).parameters
    )


def _functional(network):
    """Returns a network as a plain functional one, of the same layers."""
    is_graph = hasattr(network, "operations") or (
        isinstance(network, keras.Sequential) and network.built
    )
    if not is_graph:
        raise ValueError(
            f"Only a functional keras.Model, or a sequential one with an "
            f"input, can be cut: what a subclassed one does is not known "
            f"before it runs. Received: {network}"
        )
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise ValueError(
            f"A network that is fused has one input and one output. Received: "
            f"{network.name} with {len(network.inputs)} and "
            f"{len(network.outputs)}"
        )
    ends = network.inputs[0], network.outputs[0]
    return keras.Model(*ends, name=network.name)
