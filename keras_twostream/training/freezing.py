"""Which layers learn: everything below a stage can be kept as it is."""

import itertools

import keras

from keras_twostream.layers import FoldTime, UnfoldTime


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


def split(model, *stages):
    """Cuts a network into parts at stages; all share its layers.

    What the first part makes of a clip never changes while it is frozen, so
    it can be computed once; the others then train on that, and the whole
    network has learnt. All parts are about whole clips: where time is folded
    into the batch, the maps between them have it as an axis.

    Args:
        model: Network of `build`, with or without further layers.
        *stages: Names of the stages, or of other layers, from the inputs on
            and without their streams.

    Returns:
        A tuple of `keras.Model`s, one more than the stages: from the inputs
        to a dict of stream -> map of the first stage, from that to the next
        one's, and from the last one's to the model's outputs.

    Raises:
        ValueError: If no stream has such a stage.
    """
    cuts = [model.input, *(_ends(model, x) for x in stages), model.output]
    return tuple(_part(model, *pair) for pair in itertools.pairwise(cuts))


def _part(model, starts, stops):
    """Returns the layers between two cuts as a model of whole clips."""
    inner = keras.Model([*starts.values()], stops)
    inputs = {}
    for stream, x in starts.items():
        steps = _folded_steps(model, x)
        shape = (steps, *x.shape[1:]) if steps else x.shape[1:]
        inputs[stream] = keras.Input(shape, name=stream)
    # Called so, and not as one layer, the part keeps its layers' names.
    outputs = inner.call(
        [
            FoldTime()(x) if _folded_steps(model, starts[stream]) else x
            for stream, x in inputs.items()
        ]
    )
    if isinstance(stops, dict):
        for stream, x in stops.items():
            if steps := _folded_steps(model, x):
                outputs[stream] = UnfoldTime(steps)(outputs[stream])
    return keras.Model(inputs, outputs)


def _ends(model, stage):
    """Returns stream -> what comes out of the stage there."""
    names = {layer.name: layer for layer in model.layers}
    ends = {
        stream: names[f"{stream}_{stage}"].output
        for stream in model.input
        if f"{stream}_{stage}" in names
    }
    if not ends:
        stages = [
            name.partition("_")[2]
            for name in names
            if "_" in name and name.partition("_")[0] in model.input
        ]
        raise ValueError(
            f"{model.name} has no stage {stage!r}. There are: "
            f"{', '.join(dict.fromkeys(stages))}"
        )
    return ends


def _folded_steps(model, x):
    """Returns how many time steps the batch holds at a tensor, or `None`."""
    made_by = {
        id(y): operation
        for operation in model.operations
        for y in keras.tree.flatten(operation.output)
    }
    while id(x) in made_by:
        operation = made_by[id(x)]
        if isinstance(operation, (keras.layers.InputLayer, UnfoldTime)):
            return None
        x = keras.tree.flatten(operation.input)[0]
        if isinstance(operation, FoldTime):
            return x.shape[1]
    return None


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
