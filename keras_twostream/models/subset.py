"""Networks that do without some of their streams."""

import keras

from keras_twostream.layers.align import AlignResolution
from keras_twostream.layers.missing import (
    FillStreams,
    MaskStreams,
    StreamMask,
)
from keras_twostream.layers.neutral import neutral_of
from keras_twostream.models.network import TwoStreamModel


def keep_streams(model, streams):
    """Returns a network that answers from some of the streams alone.

    It shares its layers with `model`, weights included, and computes nothing
    of the towers that are missing: where streams are fused the missing one is
    replaced by what changes nothing about the others (`Fusion.neutral`). A
    tower that has received other streams before is not missing. Outputs that
    no stream is left for disappear; the answer is made of the rest. The
    network is not compiled, and what is trained in it is trained in `model`.

    How good the answer is, is another question: train with
    `build(stream_dropout=)` for a network to learn to do without a stream.

    Args:
        model: Functional `keras.Model` with a dict of inputs, as of `build`.
        streams: Name of the stream to keep, or a list of names.

    Returns:
        `TwoStreamModel` with the inputs of these streams; `model` itself if
        these are all.

    Raises:
        ValueError: If the model has not these streams, or merges them by a
            layer that does not say what stands for a missing one.

    Example:

    >>> rgb_alone = keras_twostream.keep_streams(model, "rgb")
    >>> rgb_alone.predict({"rgb": frames})
    """
    inputs = streams_of(model)
    kept = [streams] if isinstance(streams, str) else [*streams]
    if not kept or {*kept} - {*inputs}:
        raise ValueError(
            f"streams must be one or more of those of {model.name}, "
            f"{[*inputs]}. Received: {streams!r}"
        )
    inputs = {name: x for name, x in inputs.items() if name in kept}
    if len(inputs) == len(model.input):
        return model
    values = _walk(model, {id(x): x for x in inputs.values()})
    outputs = _left(model, values)
    name = "_".join([model.name, *inputs])
    return TwoStreamModel(inputs, outputs, name=name)


def streams_of(model):
    """Returns stream -> input tensor of a network.

    Raises:
        ValueError: If it is not a functional network with a dict of inputs.
    """
    inputs = getattr(model, "input", None)
    if not isinstance(inputs, dict):
        raise ValueError(
            "A network of several streams is a functional keras.Model with a "
            f"dict of inputs, stream -> tensor. Received: {model}"
        )
    return inputs


def nodes_of(model):
    """Yields every call of a layer in a network, inputs before results.

    A layer that two networks share has calls that are not this one's: neither
    `layer.input` nor `layer.output` can be trusted.
    """
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from model._nodes_by_depth[depth]


def _walk(model, values):
    """Calls again what has to be called without the missing streams.

    Args:
        model: The whole network.
        values: Dict of id of a tensor of `model` -> tensor in its stead, of
            the inputs that are there.

    Returns:
        The same for all tensors that there are without the others.
    """
    for node in nodes_of(model):
        given = [values.get(id(x)) for x in node.input_tensors]
        pairs = zip(node.input_tensors, given, strict=True)
        if node.is_input or isinstance(node.operation, StreamMask):
            continue
        if all(x is new for x, new in pairs):
            results = node.outputs
        elif isinstance(node.operation, MaskStreams):
            results = given[:-1]
        elif all(new is None for new in given):
            continue
        else:
            results = _call(node, given)
        ids = map(id, node.outputs)
        values |= dict(zip(ids, results, strict=True))
    return {key: x for key, x in values.items() if x is not None}


def _call(node, given):
    """Returns what a layer makes of tensors of which some are missing."""
    layer, missing = node.operation, [x is None for x in given]
    if any(missing):
        given = _filled(layer, node.input_tensors, given)
    ids = map(id, node.input_tensors)
    args, kwargs = node.arguments.fill_in(dict(zip(ids, given, strict=True)))
    results = keras.tree.flatten(layer(*args, **kwargs))
    if isinstance(layer, AlignResolution):
        # What it makes of a filling is as missing as its input.
        pairs = zip(results, missing, strict=True)
        results = [None if gone else x for x, gone in pairs]
    return results


def _filled(layer, originals, given):
    """Returns tensors with neutral ones where they are missing."""
    # An aligner needs to see sizes, no more.
    neutral = (
        "zeros" if isinstance(layer, AlignResolution) else neutral_of(layer)
    )
    pairs = zip(originals, given, strict=True)
    shapes = [x.shape[1:] if new is None else None for x, new in pairs]
    fill = FillStreams(neutral, shapes, name=f"{layer.name}_fill")
    return fill([x for x in given if x is not None])


def _left(model, values):
    """Returns the outputs that there are, one or a dict.

    Raises:
        ValueError: If there is none.
    """
    outputs = model.output
    several = outputs if isinstance(outputs, dict) else {"": outputs}
    pairs = [(name, values.get(id(x))) for name, x in several.items()]
    left = {name: x for name, x in pairs if x is not None}
    if not left:
        raise ValueError(
            f"No output of {model.name} depends on the streams that are kept. "
            f"Received: outputs {outputs}"
        )
    return left if outputs is several else left[""]
