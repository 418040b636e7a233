"""Which layers learn: everything below a stage can be kept as it is."""

import keras


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
    for layer in _below(model, _ends(model, stage)):
        if isinstance(layer, keras.layers.Layer) and layer.weights:
            layer.trainable = False
            frozen.append(layer.name)
    return frozen


def split(model, stage):
    """Cuts a network in two at a stage; both parts share its layers.

    What the first part makes of a clip never changes while it is frozen, so
    it can be computed once; the second part then trains on that, and the
    whole network has learnt.

    Args:
        model: Network of `build`.
        stage: Name of the stage, without its stream.

    Returns:
        Two `keras.Model`s: from the inputs to a dict of stream -> map of the
        stage, and from that dict to the model's outputs.

    Raises:
        ValueError: If no stream has such a stage.
    """
    ends = {name: layer.output for name, layer in _ends(model, stage).items()}
    return keras.Model(model.input, ends), keras.Model(ends, model.output)


def _ends(model, stage):
    """Returns stream -> layer that ends the stage there."""
    names = {layer.name: layer for layer in model.layers}
    ends = {
        stream: names[f"{stream}_{stage}"]
        for stream in model.input
        if f"{stream}_{stage}" in names
    }
    if not ends:
        stages = [
            name.partition("_")[2]
            for name in names
            if name.partition("_")[0] in model.input
        ]
        raise ValueError(
            f"{model.name} has no stage {stage!r}. There are: "
            f"{', '.join(dict.fromkeys(stages))}"
        )
    return ends


def _below(model, ends):
    """Returns the operations that the outputs of some layers depend on."""
    wanted = {id(layer.output) for layer in ends.values()}
    below = []
    for operation in reversed(model.operations):
        if any(id(x) in wanted for x in keras.tree.flatten(operation.output)):
            below.append(operation)
            if not isinstance(operation, keras.layers.InputLayer):
                wanted |= {id(x) for x in keras.tree.flatten(operation.input)}
    return below
