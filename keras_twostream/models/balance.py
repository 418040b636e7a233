"""How much a network uses each of its streams."""

from keras import ops

from keras_twostream.layers import Fusion
from keras_twostream.layers.align import AlignResolution
from keras_twostream.layers.missing import FillStreams, MaskStreams
from keras_twostream.models.network import TwoStreamModel
from keras_twostream.models.subset import nodes_of, streams_of

# Layers whose results are those of their inputs, one to one.
STREAMWISE = (AlignResolution, MaskStreams)


def stream_balance(model, inputs=None):
    """Returns how much each stream is used at every fusion of a network.

    Without inputs it reads the weights: the norms of the kernel's parts per
    stream for `conv` and `conv3d`, the weights of the streams for `sum`, and
    equal shares for fusions whose weights do not tell streams apart. A conv
    fusion starts at 0.25 and 0.75.

    With inputs it reads what each stream brings to the fused map, as the mean
    absolute value over the batch: its part of the product for `conv` and
    `conv3d`, its map for the others, and for `max` the share of places where
    it is the largest (`Fusion.contributions`).

    It proves nothing about accuracy. Weights say nothing of the size of what
    they are multiplied with: 0.25 to 0.75 means equal use where activations
    of flow are three times smaller, which is why the paper starts so. Large
    contributions may cancel out, or may not matter to the classes. What a
    stream is worth is told by the accuracy without it, see `keep_streams`.

    Args:
        model: Functional `keras.Model` with a dict of inputs, as of `build`.
        inputs: Optional dict of stream -> array, one batch.

    Returns:
        Dict of name of the fusion -> dict of stream -> share, from 0 to 1; the
        shares of a fusion sum to 1. A tower that has received other streams
        before counts as the stream it began with.

    Raises:
        ValueError: If the model is not one of several streams, or if inputs
            of its are missing.
    """
    owners = _owners(model)
    nodes = [n for n in nodes_of(model) if isinstance(n.operation, Fusion)]
    if inputs is None or not nodes:
        uses = [_norms(node) for node in nodes]
    else:
        uses = _contributions(model, nodes, inputs)
    return {
        node.operation.name: _shares(
            [owners.get(id(x)) for x in node.input_tensors], use
        )
        for node, use in zip(nodes, uses, strict=True)
    }


def _owners(model):
    """Returns id of a tensor -> stream of the tower that made it."""
    owners = {id(x): name for name, x in streams_of(model).items()}
    for node in nodes_of(model):
        if node.is_input:
            continue
        given = [owners.get(id(x)) for x in node.input_tensors]
        if isinstance(node.operation, FillStreams):
            there = iter(given)
            shapes = node.operation.shapes
            given = [next(there) if s is None else None for s in shapes]
        elif not isinstance(node.operation, STREAMWISE):
            # Towers that meet go on in the first of them.
            given = [next(filter(None, given), None)] * len(node.outputs)
        # A mask comes last, and has no output of its own.
        given = given[: len(node.outputs)]
        owners |= dict(zip(map(id, node.outputs), given, strict=True))
    return owners


def _norms(node):
    """Returns how strongly a fusion's weights take up each stream."""
    channels = [x.shape[-1] for x in node.input_tensors]
    return [_number(x) for x in node.operation.stream_norms(channels)]


def _contributions(model, nodes, inputs):
    """Yields the mean absolute contribution of each stream, per fusion."""
    tensors = [x for node in nodes for x in node.input_tensors]
    maps = iter(TwoStreamModel(model.input, tensors)(inputs, training=False))
    for node in nodes:
        given = [ops.cast(next(maps), "float32") for _ in node.input_tensors]
        parts = node.operation.contributions(given)
        yield [_number(ops.mean(ops.abs(part))) for part in parts]


def _number(x):
    return float(ops.convert_to_numpy(ops.convert_to_tensor(x)))


def _shares(streams, uses):
    """Returns stream -> share of those that are there."""
    shares = dict.fromkeys(filter(None, streams), 0.0)
    for stream, use in zip(streams, uses, strict=True):
        if stream is not None:
            shares[stream] += use
    total = sum(shares.values())
    if not total:
        return dict.fromkeys(shares, 1 / len(shares))
    return {stream: use / total for stream, use in shares.items()}
