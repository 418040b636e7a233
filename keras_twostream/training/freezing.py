"""Which layers learn: everything below a stage can be kept as it is."""

import keras

from keras_twostream.layers import Fusion
from keras_twostream.layers._time import TimeLayer
from keras_twostream.models.cutting import ends_of
from keras_twostream.models.subset import nodes_of

# Layers whose result has channels of their own, however many they take.
NARROWING = (
    *(keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D),
    keras.layers.SeparableConv2D,
    keras.layers.Dense,
    keras.layers.RNN,
)


def freeze(model, stage):
    """Stops all layers up to a stage from learning, in every stream.

    Frozen batch normalisation also stops following its batches, as always in
    Keras.

    Args:
        model: Network of `build`.
        stage: Name of the last stage to keep, without its stream.

    Returns:
        The names of the frozen layers that hold weights.

    Raises:
        ValueError: If no stream has such a stage.
    """
    frozen = []
    for layer in _below(model, ends_of(model, stage)):
        if isinstance(layer, keras.layers.Layer) and layer.weights:
            layer.trainable = False
            frozen.append(layer.name)
    return frozen


def freeze_towers(model, stage):
    """Stops the image networks from learning, but nothing that joins them.

    Args:
        model: Network of `build`.
        stage: Name of the last stage of its image networks, without its
            stream.

    Raises:
        ValueError: If layers of them take other channels than they were made
            for, and so know nothing.
    """
    names = [f"{stream}_{stage}" for stream in model.input]
    ends = {
        x.name: x
        for layer in model.layers
        for x in keras.tree.flatten(
            layer.output
            if layer.name in names
            # What a fusion makes of maps may be a vector, and skip the stage.
            else layer.input
            if isinstance(layer, Fusion)
            else ()
        )
        if len(x.shape) > 2
    }
    wide = _widened(model)
    for layer in _below(model, ends):
        if isinstance(layer, keras.layers.Layer) and layer.weights:
            joins = isinstance(layer, (Fusion, TimeLayer))
            if layer.name in wide and not joins:
                raise ValueError(
                    f"{layer.name} of a frozen tower is made for fewer "
                    f"channels than what {wide[layer.name]} gives: fuse "
                    "otherwise, or at the last map"
                )
            layer.trainable = joins


def _widened(model):
    """Returns layers of maps to which a fusion gave other channels.

    Dict of layer's name -> name of the fusion.
    """
    wide: dict[int, str] = {}
    names: dict[str, str] = {}
    for node in nodes_of(model):
        layer, inputs = node.operation, node.input_tensors
        causes = [wide[id(x)] for x in inputs if id(x) in wide]
        names |= dict.fromkeys([layer.name], *causes[:1]) if causes else {}
        changes = isinstance(layer, Fusion) and any(
            node.outputs[0].shape[-1] != x.shape[-1] for x in inputs
        )
        if changes or (causes and not isinstance(layer, NARROWING)):
            cause = [*causes, layer.name][0]
            wide |= {id(x): cause for x in node.outputs}
    return names


def _below(model, ends):
    """Returns the operations that the tensors of a cut depend on."""
    wanted = {id(x) for x in ends.values()}
    below = []
    for operation in reversed(model.operations):
        if any(id(x) in wanted for x in keras.tree.flatten(operation.output)):
            below.append(operation)
            if not isinstance(operation, keras.layers.InputLayer):
                wanted |= {id(x) for x in keras.tree.flatten(operation.input)}
    return below
