"""Networks that slide over frames of any size.

A dense layer on a flattened map is a convolution by a kernel as large as that
map, so a network can be asked at every place of a larger frame at once. Its
scores before softmax are then averaged over the places, as in the testing of
Simonyan and Zisserman (2015) and Feichtenhofer et al. (2016).
"""

import keras
from keras import ops

from keras_twostream.layers import (
    AverageFusion,
    ClassScores,
    ConcatFusion,
    FoldTime,
    MaxFusion,
    SumFusion,
    TemporalPool,
    UnfoldTime,
)
from keras_twostream.models.network import TwoStreamModel
from keras_twostream.models.subset import nodes_of, streams_of

# What does to a map at each place what it does to a vector.
_BY_PLACE = (
    AverageFusion,
    ConcatFusion,
    FoldTime,
    MaxFusion,
    SumFusion,
    TemporalPool,
    UnfoldTime,
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.Dropout,
    keras.layers.ReLU,
)


def slide(model, image_size):
    """Returns a network for frames of another size, with the same weights.

    Where `model` pools its last map to one vector the new one pools a larger
    map. Where it flattens it, the layers that follow become convolutions, and
    the logits of all places are averaged before the softmax.

    Args:
        model: Functional `keras.Model` with a dict of inputs, as of `build`.
        image_size: Height and width of the frames in pixels, at least those
            of `model`.

    Returns:
        `TwoStreamModel` with weights of its own, not compiled.

    Raises:
        ValueError: If the frames are smaller, or a layer cannot slide.
    """
    inputs, values = {}, {}
    for stream, x in streams_of(model).items():
        *front, height, width, channels = x.shape[1:]
        if image_size[0] < height or image_size[1] < width:
            raise ValueError(
                f"{model.name} slides over frames of at least {height} x "
                f"{width} pixels. Received: {tuple(image_size)}"
            )
        shape = (*front, *image_size, channels)
        inputs[stream] = keras.Input(shape, name=stream)
        values[id(x)] = inputs[stream]
    walk = _Walk(values)
    for node in nodes_of(model):
        if not node.is_input:
            walk.take(node)
    outputs = keras.tree.map_structure(
        lambda x: walk.values[id(x)], model.output
    )
    found = TwoStreamModel(inputs, outputs, name=model.name)
    for layer, weights in walk.weights:
        layer.set_weights(weights)
    return found


class _Walk:
    """Calls all layers again, with maps in place of flattened ones.

    Attributes:
        values: Dict of id of a tensor of the model -> tensor in its stead.
        weights: Layers that were made anew, and their weights.
    """

    def __init__(self, values):
        self.values, self.weights = dict(values), []
        # id of a flattened tensor -> height and width of its map.
        self._kernels = {}

    def take(self, node):
        """Calls the layer of a node."""
        layer, before = node.operation, node.input_tensors
        given = [self.values[id(x)] for x in before]
        spread = [
            len(x.shape) > len(old.shape)
            for x, old in zip(given, before, strict=True)
        ]
        if isinstance(layer, keras.layers.Flatten) and len(given[0].shape) > 3:
            self._kernels[id(node.outputs[0])] = before[0].shape[-3:-1]
            self.values[id(node.outputs[0])] = given[0]
            return
        if any(spread):
            given = self._placed(layer, node, given)
            if given is None:
                return
        ids = map(id, before)
        args, kwargs = node.arguments.fill_in(
            dict(zip(ids, given, strict=True))
        )
        self._keep(node, layer(*args, **kwargs))

    def _placed(self, layer, node, given):
        """Returns what a layer is called with where a map is in its place.

        `None` if it has been called in another form.
        """
        if isinstance(layer, keras.layers.Dense):
            kernel = self._kernels.get(id(node.input_tensors[0]), (1, 1))
            self._keep(node, self._convolution(layer, kernel)(given[0]))
            return None
        if isinstance(layer, ClassScores):
            return [ops.mean(x, axis=(-3, -2)) for x in given]
        if not isinstance(layer, _BY_PLACE):
            raise ValueError(
                f"{type(layer).__name__} {layer.name!r} takes one vector and "
                "cannot slide over a larger frame"
            )
        return given

    def _convolution(self, dense, kernel):
        """Returns a dense layer as a convolution."""
        found = keras.layers.Conv2D(
            dense.units,
            kernel,
            activation=dense.activation,
            use_bias=dense.use_bias,
            name=dense.name,
            dtype=dense.dtype_policy,
        )
        matrix, *bias = dense.get_weights()
        shape = (*kernel, len(matrix) // (kernel[0] * kernel[1]), dense.units)
        self.weights.append((found, [matrix.reshape(shape), *bias]))
        return found

    def _keep(self, node, results):
        flat = keras.tree.flatten(results)
        self.values |= zip(map(id, node.outputs), flat, strict=True)
