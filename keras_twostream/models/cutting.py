"""Networks in parts that share their layers."""

import itertools
from typing import Any

import keras

from keras_twostream.layers import FoldTime, UnfoldTime


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
    return parts_at(model, *(ends_of(model, stage) for stage in stages))


def split_fixed(model):
    """Cuts a network where what learns begins.

    The first part is all that gives the same for the same clip as long as the
    network is trained: inputs, frozen layers, and layers without weights or
    chance on top of them. Its outputs are as late as possible, so they are
    often small.

    Args:
        model: Network of `build`, of which some layers may be frozen.

    Returns:
        A pair of `keras.Model`s as of `split`, the first with a dict of
        layer's name -> map, on which the second stands.

    Raises:
        ValueError: If nothing learns.
    """
    return parts_at(model, _end_of_fixed(model))


def split_shared(model, at):
    """Cuts a network as `split_fixed` does, and before that at some layers.

    Networks of the same streams that are cut at the same layers share what
    comes out there.

    Args:
        model: As for `split_fixed`.
        at: Names of layers.

    Returns:
        A tuple of `keras.Model`s: what ends at these layers, or before them
        where it does not learn; what follows and does not learn, `None` if
        nothing does; and what learns.

    Raises:
        ValueError: If nothing learns.
    """
    shared, fixed = _end_of_fixed(model, at), _end_of_fixed(model)
    if {*shared} == {*fixed}:
        below, above = parts_at(model, fixed)
        return below, None, above
    return parts_at(model, shared, fixed)


def _end_of_fixed(model, at=()):
    """Returns the tensors on which what learns stands: name -> tensor.

    Args:
        model: As for `split_fixed`.
        at: Names of layers at which to end already.
    """
    fixed: dict[int, str] = {}
    used: dict[int, Any] = {}
    for operation in model.operations:
        inputs = keras.tree.flatten(operation.input)
        known = [x for x in inputs if id(x) in fixed]
        if isinstance(operation, keras.layers.InputLayer) or (
            never_changes(operation)
            and len(known) == len(inputs)
            and not any(fixed[id(x)] in at for x in known)
        ):
            outputs = keras.tree.flatten(operation.output)
            fixed |= {id(x): operation.name for x in outputs}
        else:
            used |= {id(x): x for x in known}
    if not used:
        raise ValueError(f"Nothing in {model.name} learns: all is frozen")
    for x in keras.tree.flatten(model.output):
        used |= {id(x): x} if id(x) in fixed else {}
    return {fixed[key]: x for key, x in used.items()}


def never_changes(operation) -> bool:
    """Returns whether an operation gives the same for the same in training."""
    if not isinstance(operation, keras.Layer):
        return True
    # The state of a generator of chance is a variable and no weight.
    chance = len(operation.variables) > len(operation.weights)
    learns = operation.trainable and operation.weights
    return not chance and not learns


def parts_at(model, *cuts):
    """Returns the parts of a network between cuts, see `split`.

    Args:
        model: Network of `build`.
        *cuts: Dicts of name -> tensor of the network.
    """
    ends = [model.input, *cuts, model.output]
    return tuple(_part(model, *pair) for pair in itertools.pairwise(ends))


def _part(model, starts, stops):
    """Returns the layers between two cuts as a model of whole clips."""
    # What only passes through belongs to no layer of the part.
    same = {id(x): name for name, x in starts.items()}
    through = {}
    if isinstance(stops, dict):
        through = {n: same[id(x)] for n, x in stops.items() if id(x) in same}
        stops = {n: x for n, x in stops.items() if n not in through}
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
        outputs |= {name: inputs[start] for name, start in through.items()}
    return keras.Model(inputs, outputs)


def ends_of(model, stage):
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
