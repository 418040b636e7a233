"""Where and when a network looks: Grad-CAM in both streams.

Selvaraju et al., "Grad-CAM", ICCV 2017, equations 1 and 2, with the frames of
a clip as a further axis: weights are means over space *and* time, so the heat
of one frame can be compared with that of another.
"""

import keras
import numpy as np
from keras import ops

from keras_twostream.evaluation.gradients import value_and_gradient
from keras_twostream.layers import AlignResolution, UnfoldTime
from keras_twostream.models.cutting import parts_at
from keras_twostream.models.network import answer

# What lies between a tower and a fusion.
_ON_THE_WAY = (UnfoldTime, AlignResolution)
# Between stream and clip, in names of arrays.
_OF = " of "
# Least probability whose logarithm is taken.
_TINY = 1e-30


class GradCam:
    """Says which places and frames of a clip speak for a class.

    Args:
        model: Network of `build`.

    Attributes:
        layers: Dict of stream -> name of the layer whose map is looked at,
            the last one of the stream's own tower that has places.

    Raises:
        ValueError: If a stream has no map that is its own.
    """

    def __init__(self, model):
        maps = last_maps(model)
        self.layers = {stream: x for stream, (x, _) in maps.items()}
        cut = {stream: tensor for stream, (_, tensor) in maps.items()}
        self._below, self._above = parts_at(model, cut)

    def __call__(self, sample, classes=None):
        """Looks into the network.

        Args:
            sample: Dict of stream -> batch, as the network takes it.
            classes: Integer array `(batch,)`, whose evidence is sought; by
                default the most probable ones.

        Returns:
            Dict of stream -> `float32 (batch, [frames,] height, width)` in 0
            to 1, at the size of the map; 0 where nothing speaks for the
            class.
        """
        maps = {
            stream: ops.convert_to_numpy(x).astype("float32")
            for stream, x in self._below.predict_on_batch(sample).items()
        }
        if classes is None:
            scores = answer(self._above.predict_on_batch(maps))
            classes = np.asarray(scores).argmax(-1)
        chosen = np.asarray(classes, "int32")[:, None]

        def evidence(given):
            scores = answer(self._above(given, training=False))
            right = ops.take_along_axis(scores, ops.cast(chosen, "int32"), -1)
            return ops.log(ops.maximum(right, _TINY))

        _, gradients = value_and_gradient(evidence, maps)
        return {s: _heat(maps[s], gradients[s]) for s in maps}


def save_heat(path, heat):
    """Writes the heat of clips to a file.

    Args:
        path: The file.
        heat: Dict of clip -> dict of stream -> array.
    """
    arrays = {
        f"{stream}{_OF}{clip}": x
        for clip, by_stream in heat.items()
        for stream, x in by_stream.items()
    }
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load_heat(path):
    """Reads what `save_heat` wrote.

    Args:
        path: The file.
    """
    found: dict = {}
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            stream, _, clip = name.partition(_OF)
            found.setdefault(clip, {})[stream] = arrays[name]
    return found


def last_maps(model):
    """Returns the last map of each stream before the first fusion.

    Args:
        model: Network of `build`.

    Returns:
        Dict of stream -> (name of the layer, tensor).

    Raises:
        ValueError: If a stream has none.
    """
    streams = {id(x): {stream} for stream, x in model.input.items()}
    maker, ends = {}, {}
    for operation in model.operations:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        inputs = keras.tree.flatten(operation.input)
        met = set().union(*(streams.get(id(x), set()) for x in inputs))
        for x in keras.tree.flatten(operation.output):
            streams[id(x)], maker[id(x)] = met, operation
        if len(model.input) == 1:
            ends = dict.fromkeys(met, keras.tree.flatten(operation.output)[0])
        elif len(met) > 1:
            for x in inputs:
                if len(own := streams.get(id(x), set())) == 1:
                    ends.setdefault(next(iter(own)), x)
    found = {s: _back_to_map(x, maker) for s, x in ends.items()}
    missing = [stream for stream in model.input if not found.get(stream)]
    if missing:
        raise ValueError(
            f"{model.name} has no map of {', '.join(missing)} alone, before "
            "the streams are fused"
        )
    return {stream: found[stream] for stream in model.input}


def _back_to_map(x, maker):
    """Returns the layer and the tensor, from one back, that has places."""
    while id(x) in maker:
        operation = maker[id(x)]
        has_places = len(x.shape) >= 4 and min(x.shape[-3:-1]) > 1
        # A tower that goes on by itself leaves before these.
        if has_places and not isinstance(operation, _ON_THE_WAY):
            return operation.name, x
        x = keras.tree.flatten(operation.input)[0]
    return None


def _heat(maps, gradients):
    """Returns the weighted sum of channels, positive and of maximum 1."""
    axes = tuple(range(1, maps.ndim - 1))
    weights = gradients.mean(axis=axes, keepdims=True)
    heat = np.maximum((weights * maps).sum(-1), 0)
    top = heat.max(axis=tuple(range(1, heat.ndim)), keepdims=True)
    return np.divide(heat, top, out=np.zeros_like(heat), where=top > 0)
