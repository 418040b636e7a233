"""Which layers learn: everything below a stage can be kept as it is."""

import keras

from keras_twostream.models.cutting import ends_of


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
