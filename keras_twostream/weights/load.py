"""Fills a freshly built network from whatever `weights=` names."""

from pathlib import Path

import keras

from keras_twostream import backbones
from keras_twostream.backbones.base import STREAMS
from keras_twostream.weights.files import entries_of, read_weights
from keras_twostream.weights.inflation import check
from keras_twostream.weights.source import weights_path
from keras_twostream.weights.transfer import assign, fitted, stream_of

IMAGENET = "imagenet"
# Share of the layers (of the file or of the model, whichever has fewer) that
# must fit, or the file is of another model.
ENOUGH = 0.5


def load_weights(model, weights, towers, image_size, inflation="mean"):
    """Fills `model` and returns what became of every layer.

    Args:
        model: Network of `keras_twostream.build`.
        weights: `None`; `"imagenet"`; the path of a file that holds the whole
            model, another of its kind, or a backbone; the name of pretrained
            weights, see `list_weights`, a preset folder or an address, see
            `zoo.load`; or a dict of stream -> one of these.
        towers: Dict of stream -> `Backbone` in the model.
        image_size: Pair (height, width) of the input in pixels.
        inflation: How first kernels for RGB are spread over flow, a name of
            `weights.INFLATIONS`.

    Returns:
        The `LoadReport`, also logged, or `None` if there was nothing to load.

    Raises:
        FileNotFoundError: If a path does not exist.
        ValueError: If a file fits neither the model nor its backbones, or
            there is no such inflation.
    """
    check(inflation)
    sources = _sources(model, weights, towers, image_size)
    reports = [
        assign(model, arrays, source, inflation) for arrays, source in sources
    ]
    if not reports:
        return None
    return sum(reports[1:], start=reports[0]).log()


def _sources(model, weights, towers, image_size):
    """Yields (arrays by layer of the model, what to call their origin)."""
    if weights is None:
        for stream, backbone in towers.items():
            # A network that was passed as a backbone keeps its weights.
            if isinstance(backbone.source, keras.Model):
                arrays = backbone.initial_weights()
                yield _prefixed(arrays, stream), backbone.name
    elif isinstance(weights, dict):
        yield from _by_stream(model, weights, towers, image_size)
    elif str(weights) == IMAGENET:
        same = dict.fromkeys(towers, IMAGENET)
        yield from _by_stream(model, same, towers, image_size)
    else:
        yield _read(model, weights, towers), Path(weights).name


def _by_stream(model, weights, towers, image_size):
    """Yields the arrays of each stream from its own source."""
    unknown = [stream for stream in weights if stream not in towers]
    if unknown:
        raise ValueError(
            f"weights names streams of the model: {[*towers]}. "
            f"Received: {unknown}"
        )
    for stream, source in weights.items():
        if source is None:
            continue
        if str(source) == IMAGENET:
            arrays = _imagenet(towers[stream], image_size)
            yield _prefixed(arrays, stream), IMAGENET
        else:
            tower = {stream: towers[stream]}
            yield _read(model, source, tower, stream), Path(source).name


def _of_stream(arrays, stream):
    """Returns the arrays of a stream, those that it lacks of the other.

    So a flow tower can start from one of RGB (Wang et al. 2016, section 4.2).
    """
    own = {k: v for k, v in arrays.items() if stream_of(k) == stream}
    others = {
        f"{stream}_{name.partition('_')[2]}": values
        for name, values in arrays.items()
        if stream_of(name) in STREAMS
    }
    return others | own


def _imagenet(backbone, image_size):
    """Returns Keras's published weights of a backbone, by layer."""
    source = backbone.source
    if not isinstance(source, str):
        raise ValueError(
            f"weights='imagenet' is for networks that Keras publishes; "
            f"{backbone.name} was passed as a model and keeps its own weights "
            f"with weights=None"
        )
    return backbones.get(source, image_size, IMAGENET).initial_weights()


def _read(model, path, towers, only=None):
    """Returns the arrays of a file of the model's kind or a backbone's.

    Layers of our own models carry their streams in their names and go
    nowhere else, unless for `only` one stream; those of a backbone go to
    every stream of `towers`.
    """
    path = weights_path(path)
    arrays = read_weights(path, entries_of(model))
    streams = tuple(f"{stream}_" for stream in STREAMS)
    if not any(name.startswith(streams) for name in arrays):
        arrays = _from_backbones(path, towers)
    elif only:
        arrays = _of_stream(arrays, only)
    share = _fitting(model, arrays, only)
    if share < ENOUGH:
        raise ValueError(
            f"{path} holds the weights of another model: "
            f"{share:.0%} of its layers ({_some(arrays)}) "
            f"fit {model.name}, which has "
            f"{_some(layer.name for layer in model.layers if layer.weights)}"
        )
    return arrays


def _from_backbones(path, towers):
    """Returns a file's arrays as those of every backbone it may hold."""
    weights: dict[str, list] = {}
    for stream, backbone in towers.items():
        if network := getattr(backbone, "network", None):
            arrays = read_weights(path, entries_of(network), by_order=True)
            renamed = {backbone.names.get(k, k): v for k, v in arrays.items()}
        else:
            renamed = read_weights(path)
        weights |= _prefixed(renamed, stream)
    return weights


def _fitting(model, arrays, only=None):
    """Returns the share of layers that find their place, see `ENOUGH`.

    For `only` one stream of those that its tower has, which may end early.
    """
    shapes = {
        layer.name: [tuple(w.shape) for w in layer.weights]
        for layer in model.layers
        if layer.weights and (not only or stream_of(layer.name) == only)
    }
    fitting = [
        name
        for name, values in arrays.items()
        if name in shapes and fitted(values, shapes[name], stream_of(name))
    ]
    return len(fitting) / max(min(len(arrays), len(shapes)), 1)


def _prefixed(weights, stream):
    return {f"{stream}_{name}": arrays for name, arrays in weights.items()}


def _some(names, most=4):
    names = [*names]
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
