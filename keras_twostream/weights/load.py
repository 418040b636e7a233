"""Fills a freshly built network from whatever `weights=` names."""

from pathlib import Path

import keras

from keras_twostream import backbones
from keras_twostream.weights.files import entries_of, read_weights
from keras_twostream.weights.transfer import assign, fitted

IMAGENET = "imagenet"
# Share of a file's layers that must fit, or it is of another model.
ENOUGH = 0.5


def load_weights(model, weights, towers, image_size):
    """Fills `model` and returns what became of every layer.

    Args:
        model: Network of `keras_twostream.build`.
        weights: `None`; `"imagenet"`; the path of a file that holds the whole
            model, another of its kind, or a backbone; or a dict of stream ->
            one of these.
        towers: Dict of stream -> `Backbone` in the model.
        image_size: Pair (height, width) of the input in pixels.

    Returns:
        The `LoadReport`, also logged, or `None` if there was nothing to load.

    Raises:
        FileNotFoundError: If a path does not exist.
        ValueError: If a file fits neither the model nor its backbones.
    """
    if weights is None:
        reports = [_own(model, stream, b) for stream, b in towers.items()]
    elif isinstance(weights, dict):
        reports = _by_stream(model, weights, towers, image_size)
    elif str(weights) == IMAGENET:
        same = dict.fromkeys(towers, IMAGENET)
        reports = _by_stream(model, same, towers, image_size)
    else:
        reports = [_from_file(model, weights, towers)]
    reports = [report for report in reports if report]
    if not reports:
        return None
    return sum(reports[1:], start=reports[0]).log()


def _own(model, stream, backbone):
    """Keeps the weights of a network that was passed as a backbone."""
    if not isinstance(backbone.source, keras.Model):
        return None
    weights = backbone.initial_weights()
    return assign(model, _prefixed(weights, stream), backbone.name)


def _by_stream(model, weights, towers, image_size):
    """Fills each stream from its own source."""
    unknown = [stream for stream in weights if stream not in towers]
    if unknown:
        raise ValueError(
            f"weights names streams of the model: {[*towers]}. "
            f"Received: {unknown}"
        )
    reports = []
    for stream, source in weights.items():
        if source is None:
            continue
        if str(source) == IMAGENET:
            arrays = _imagenet(towers[stream], image_size)
            report = assign(model, _prefixed(arrays, stream), IMAGENET)
        else:
            report = _from_file(model, source, {stream: towers[stream]})
        reports.append(report)
    return reports


def _imagenet(backbone, image_size):
    """Returns Keras's published weights of a backbone, by layer."""
    source = str(backbone.source)
    return backbones.get(source, image_size, IMAGENET).initial_weights()


def _from_file(model, path, towers):
    """Fills a model from a file of its own kind or of a backbone's."""
    path = Path(path)
    attempts = [read_weights(path, entries_of(model))]
    if path.suffix != ".keras":
        attempts.append(_from_backbones(path, towers))
    fits = [_fitting(model, arrays) for arrays in attempts]
    best = fits.index(max(fits))
    if fits[best] < ENOUGH:
        raise ValueError(
            f"{path} holds the weights of another model: {fits[best]:.0%} of "
            f"its layers ({_some(attempts[best])}) fit {model.name}, which has "
            f"{_some(layer.name for layer in model.layers if layer.weights)}"
        )
    return assign(model, attempts[best], path.name)


def _from_backbones(path, towers):
    """Returns a file's arrays as those of every backbone it may hold."""
    weights: dict[str, list] = {}
    for stream, backbone in towers.items():
        if network := getattr(backbone, "network", None):
            arrays = read_weights(path, entries_of(network))
            renamed = {backbone.names.get(k, k): v for k, v in arrays.items()}
            weights |= _prefixed(renamed, stream)
    return weights


def _fitting(model, arrays):
    """Returns the share of the arrays' layers that find their place."""
    shapes = {
        layer.name: [tuple(w.shape) for w in layer.weights]
        for layer in model.layers
    }
    fitting = [
        name
        for name, values in arrays.items()
        if name in shapes and fitted(values, shapes[name])
    ]
    return len(fitting) / max(len(arrays), 1)


def _prefixed(weights, stream):
    return {f"{stream}_{name}": arrays for name, arrays in weights.items()}


def _some(names, most=4):
    names = [*names]
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
